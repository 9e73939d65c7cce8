"""The plugin answers buf's calls, and failures in the protocol's own way."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlspec.breaking import RULES, plugin
from mlspec.breaking.plugin_messages import CHECK, LIST_CATEGORIES, LIST_RULES, REQUESTS, Message
from tests.unit.breaking.plugin_calls import call, read, refused, respond, run


def test_the_protocol_is_version_1() -> None:
    """The first thing that buf asks."""
    assert run("--protocol") == b"1\n"


def test_the_specification_names_the_procedures_in_both_forms() -> None:
    """The second thing that buf asks."""
    paths = [{"path": path} for path in (CHECK, LIST_RULES, LIST_CATEGORIES)]
    assert json.loads(run("--spec", "--format", "json")) == {"procedures": paths}
    assert read("pluginrpc.v1.Spec", run("--spec")) == {"procedures": paths}


def test_only_a_comparison_loads_protobuf() -> None:
    """Eight of buf's nine calls need nothing that is slow to load."""
    code = (
        "import sys; from mlspec.breaking import plugin\n"
        f"calls = [['--protocol'], ['--spec'], ['{LIST_RULES}'], ['{LIST_CATEGORIES}']]\n"
        "assert not any(plugin.main(call) for call in calls)\n"
        "sys.exit('google.protobuf' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, input=b"", capture_output=True, check=False).returncode == 0


def test_only_rules_that_buf_lacks_are_listed() -> None:
    """Each is a default of category MLSPEC and of those whom it breaks, and reads as buf wants."""
    rules = call(LIST_RULES)["rules"]
    own = {rule.id: rule for rule in RULES.values() if not rule.in_buf}
    assert [rule["id"] for rule in rules] == sorted(own)
    for rule in rules:
        audiences = [f"MLSPEC_{audience.name}" for audience in own[rule["id"]].audiences]
        assert rule["category_ids"] == ["MLSPEC", *audiences]
        assert rule["default"]
        assert rule["purpose"][0].isupper()
        assert rule["purpose"].endswith(".")
        assert len(rule["purpose"]) <= 256


def test_every_category_of_a_rule_is_listed() -> None:
    """A rule of a category that was not listed, or a category without a rule, is refused by buf."""
    listed = {category["id"] for category in call(LIST_CATEGORIES)["categories"]}
    used = {name for rule in call(LIST_RULES)["rules"] for name in rule["category_ids"]}
    assert listed == used


def test_rules_come_in_pages() -> None:
    """A page has the size asked for, and the next one starts where it ended."""
    every = [rule["id"] for rule in call(LIST_RULES)["rules"]]
    seen, token = [], ""
    while True:
        page = call(LIST_RULES, {"page_size": 4, "page_token": token})
        assert len(page["rules"]) <= 4
        seen += [rule["id"] for rule in page["rules"]]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert seen == every


def test_nothing_sent_is_an_empty_request() -> None:
    """As the protocol says."""
    assert "error" not in respond(LIST_RULES, b"")
    assert json.loads(run(CHECK, "--format", "json"))["value"]["@type"].endswith("CheckResponse")


@pytest.mark.parametrize("value", [{"page_size": 1001}, {"page_token": "NO_SUCH_RULE"}])
def test_a_page_that_is_not_there_is_refused(value: Message) -> None:
    """Too large a page, or one that starts nowhere."""
    request = {"value": {"@type": f"x/{REQUESTS[LIST_RULES]}", **value}}
    assert refused(LIST_RULES, json.dumps(request).encode())[0] == "CODE_INVALID_ARGUMENT"


def test_an_unknown_procedure_is_unimplemented() -> None:
    """A newer buf may ask for what this plugin does not have."""
    code, message = refused("/buf.plugin.check.v1.CheckService/Guess", b"")
    assert code == "CODE_UNIMPLEMENTED"
    assert message.startswith(f"procedure must be one of {CHECK}")


@pytest.mark.parametrize("data", [b"[1]", b'{"value": 1}', b'{"value": {"@type": "x/y"}}'])
def test_json_garbage_is_refused(data: bytes) -> None:
    """As binary garbage is."""
    code, message = refused(CHECK, data)
    assert code == "CODE_INVALID_ARGUMENT"
    assert " must be " in message


def test_a_huge_request_is_refused(tmp_path: Path) -> None:
    """Nobody can fill the memory through the plugin."""
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(plugin.MAX_REQUEST + 1)
    command = [sys.executable, "-m", "mlspec.breaking.plugin", CHECK, "--format", "json"]
    with huge.open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, check=True)
    assert json.loads(done.stdout)["error"] == {
        "code": "CODE_RESOURCE_EXHAUSTED",
        "message": f"a request must have at most {plugin.MAX_REQUEST} bytes",
    }


@pytest.mark.parametrize(
    "arguments",
    [[], ["--protocol", "--spec"], ["--verbose"], ["--spec", "--format", "xml"], ["--format"]],
)
def test_arguments_that_make_no_sense_exit_2(arguments: list[str]) -> None:
    """With the usage on standard error, as for any program."""
    said = run(*arguments, code=2).decode()
    assert " must be " in said
    assert "Usage: buf-plugin-mlspec" in said
    assert "Traceback" not in said


def test_help_says_how_it_is_used() -> None:
    """A person who finds the program learns where to name it."""
    assert b"buf.yaml" in run("--help")
