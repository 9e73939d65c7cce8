"""Others can check their own .proto files as the guide says: by hand, in CI, before each commit."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from mlspec.breaking import RULES
from tests.promises import pages
from tools.places import GENERATOR, ROOT, VALIDATE_PROTO

GUIDE = ROOT / "docs" / "guide" / "checking_your_protos.md"
ORDER = "proto/shop/v1/order.proto"
PLAIN, WITH_BUF = ".github/workflows/breaking.yml", ".github/workflows/breaking-buf.yml"
# What a wheel of MLSpec is built from, and the hook.
PACKAGE = (".pre-commit-hooks.yaml", "LICENSE", "README.md", "pyproject.toml", "python")


def files_of_guide() -> dict[str, str]:
    """The files that the guide shows, by name."""
    found = pages.blocks(GUIDE.read_text())
    return {
        block.remark[1]: block.text for block in found if block.remark and block.remark[0] == "file"
    }


FILES = files_of_guide()


def environment(home: Path) -> dict[str, str]:
    """The programs of this checkout ahead of all others, and nobody's settings of git."""
    path = [str(Path(sys.executable).parent), str(GENERATOR), os.environ["PATH"]]
    settings = {
        "PATH": ":".join(path),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "PRE_COMMIT_HOME": str(home),
    }
    # A run of git that started the tests would name its own repository.
    return {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_")
    } | settings


@dataclass(frozen=True)
class Repository:
    """Somebody else's repository, with protos of their own."""

    root: Path

    def run(self, *command: str | Path) -> tuple[int, str]:
        """Run a program in the repository; return its exit code and all that it prints."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.root,
            env=environment(self.root.parent / "pre-commit"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def git(self, *arguments: str | Path) -> str:
        """Run git, which must succeed; return what it prints."""
        code, said = self.run("git", *arguments)
        assert code == 0, said
        return said.strip()

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, before: str, after: str) -> None:
        """Edit the .proto file."""
        text = (self.root / ORDER).read_text()
        assert before in text
        self.write(ORDER, text.replace(before, after))

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)


def repository(root: Path) -> Repository:
    """A fresh repository whose user is local to it."""
    root.mkdir()
    made = Repository(root)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("config", "user.name", "Pat")
    made.git("config", "user.email", "pat@shop.example")
    return made


@pytest.fixture
def theirs(tmp_path: Path) -> Repository:
    """The repository of the guide, with the rules' own schema as buf wants it, on a branch."""
    made = repository(tmp_path / "theirs")
    for name in (ORDER, "buf.yaml", PLAIN, WITH_BUF):
        made.write(name, FILES[name])
    made.write("breaks.toml", "breaks = []\n")
    made.write("third_party/protovalidate/buf/validate/validate.proto", VALIDATE_PROTO.read_text())
    made.commit("Orders")
    made.git("checkout", "--quiet", "-b", "change")
    return made


def tighten(theirs: Repository) -> None:
    """A break that buf alone does not see."""
    theirs.edit("max_len = 40", "max_len = 36")


def add(theirs: Repository) -> None:
    """An edit that breaks nobody."""
    theirs.edit("\n}\n", "\n  string note = 3 [(buf.validate.field).string.max_len = 200];\n}\n")


def declare(theirs: Repository) -> None:
    """Declare the break, with its migration page, as the guide does."""
    for name in ("breaks.toml", "migration.md"):
        theirs.write(name, FILES[name])


def steps(name: str) -> Iterator[str]:
    """The commands of a workflow, but for those that install: the tests have this checkout."""
    for step in yaml.safe_load(FILES[name])["jobs"]["protos"]["steps"]:
        if "run" in step and not step["run"].startswith("pip install"):
            yield step["run"]


def workflow(theirs: Repository, name: str) -> tuple[int, str]:
    """Run a workflow's commands as a runner does; return the exit code and what was printed."""
    shell = ["env", "BEFORE=main", "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
    commands = list(steps(name))
    assert commands
    said = ""
    for command in commands:
        code, printed = theirs.run(*shell, command)
        said += printed
        if code:
            return code, said
    return 0, said


def test_the_workflows_set_up_what_their_commands_need() -> None:
    """The whole history is there, and so is the branch that the commands name."""
    for name in (PLAIN, WITH_BUF):
        # YAML reads the key `on` as true.
        job = yaml.safe_load(FILES[name])["jobs"]["protos"]
        used = [step.get("with") for step in job["steps"] if "uses" in step]
        assert {"fetch-depth": 0} in used
        assert job["env"] == {"BEFORE": "origin/${{ github.base_ref }}"}
        assert any("mlspec-protobuf[breaking]" in step.get("run", "") for step in job["steps"])
        assert "$BEFORE" in "".join(steps(name))


def test_buf_alone_does_not_see_the_break(theirs: Repository) -> None:
    """Without the plugin, buf lets the tightened rule pass: it is what the plugin is for."""
    config = yaml.safe_load(FILES["buf.yaml"])
    del config["plugins"]
    config["breaking"]["use"].remove("MLSPEC")
    theirs.write("buf.yaml", yaml.safe_dump(config))
    tighten(theirs)
    assert workflow(theirs, WITH_BUF) == (0, "")


@pytest.mark.parametrize("name", [PLAIN, WITH_BUF])
def test_a_workflow_refuses_a_break(name: str, theirs: Repository) -> None:
    """With the place, the rule's reach and the element."""
    tighten(theirs)
    theirs.commit("Shorter ids")
    code, said = workflow(theirs, name)
    assert code != 0
    assert f"{ORDER.removeprefix('proto/')}:9:" in said
    assert "shop.v1.Order.order_id" in said
    assert "old writers" in said


@pytest.mark.parametrize("name", [PLAIN, WITH_BUF])
def test_a_workflow_lets_additions_pass(name: str, theirs: Repository) -> None:
    """A new optional field breaks nobody."""
    add(theirs)
    theirs.commit("Notes")
    code, said = workflow(theirs, name)
    assert code == 0, said


def test_a_workflow_lets_a_declared_break_pass(theirs: Repository) -> None:
    """Declared with its page it passes; without the page it does not."""
    tighten(theirs)
    declare(theirs)
    theirs.commit("Shorter ids, declared")
    code, said = workflow(theirs, PLAIN)
    assert code == 0, said
    (theirs.root / "migration.md").unlink()
    assert workflow(theirs, PLAIN)[0] == 1


def test_buf_lets_an_ignored_break_pass(theirs: Repository) -> None:
    """The plugin's findings have places that buf's own `ignore_only` knows."""
    tighten(theirs)
    config = yaml.safe_load(FILES["buf.yaml"]) | yaml.safe_load(FILES["ignored.yaml"])
    theirs.write("buf.yaml", yaml.safe_dump(config))
    theirs.commit("Shorter ids, ignored")
    assert workflow(theirs, WITH_BUF) == (0, "")


def test_buf_with_the_plugin_finds_what_the_library_finds(theirs: Repository) -> None:
    """The same rules at the same lines: buf its own, the plugin the others."""
    theirs.edit("max_len = 40", "max_len = 50")
    theirs.edit("max_items = 100", "min_items = 1, (buf.validate.field).repeated.max_items = 100")
    theirs.edit("lines = 2", "items = 3")
    theirs.edit("\n}\n", "\n  string note = 4 [(buf.validate.field).required = true];\n}\n")
    command = ("buf", "breaking", "proto", "--against", ".git#subdir=proto", "--error-format=json")
    code, said = theirs.run(*command)
    assert code == 100, said
    printed = [json.loads(line) for line in said.splitlines()]
    by_buf = {(each["type"], each["path"], each["start_line"]) for each in printed}

    _, listed = theirs.run("mlspec", "breaking", "HEAD:proto", "proto", "--json")
    findings = json.loads(listed)["findings"]
    assert by_buf == {(each["rule"], f"proto/{each['file']}", each["line"]) for each in findings}
    assert {RULES[each["rule"]].in_buf for each in findings} == {True, False}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository of this working tree's package: pre-commit clones only what is committed."""
    made = repository(tmp_path_factory.mktemp("ours") / "mlspec")
    listed = ["git", "ls-files", "-co", "--exclude-standard", "-z", "--", *PACKAGE]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            target = made.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    made.commit("The package")
    return made


@pytest.mark.interop
def test_the_hook_refuses_a_commit_that_breaks(theirs: Repository, ours: Repository) -> None:
    """The real pre-commit installs the hook from a checkout, and runs it at each `git commit`."""
    config = yaml.safe_load(FILES[".pre-commit-config.yaml"])
    config["repos"][0] |= {"repo": str(ours.root), "rev": ours.git("rev-parse", "HEAD")}
    theirs.write(".pre-commit-config.yaml", yaml.safe_dump(config))
    theirs.commit("Check before each commit")
    code, said = theirs.run("pre-commit", "install", "--install-hooks")
    assert code == 0, said
    # The extra has brought the compiler into the hook's own environment.
    assert list(theirs.root.parent.glob("pre-commit/**/bin/protoc"))

    tighten(theirs)
    code, said = theirs.run("git", "commit", "--all", "--message", "Shorter ids")
    assert code != 0
    assert "RULE_TIGHTENED shop.v1.Order.order_id" in said

    declare(theirs)
    theirs.commit("Shorter ids, declared")

    theirs.write("breaks.toml", "breaks = []\n")
    add(theirs)
    theirs.commit("Notes")

    theirs.git("rm", "--quiet", ORDER)
    theirs.write("proto/shop/v1/other.proto", 'syntax = "proto3";\npackage shop.v1;\n')
    theirs.git("add", "--all")
    code, said = theirs.run("git", "commit", "--message", "No orders")
    assert code != 0
    assert "FILE_NO_DELETE" in said


@pytest.mark.interop
def test_the_hook_can_be_tried_without_a_configuration(
    theirs: Repository, ours: Repository
) -> None:
    """As pre-commit's own `try-repo` does, with the hook's default arguments."""
    tighten(theirs)
    theirs.git("add", ORDER)
    code, said = theirs.run("pre-commit", "try-repo", ours.root, "mlspec-breaking")
    assert code == 1
    assert "RULE_TIGHTENED" in said
