"""The README and the guides do what they say: their code runs and prints what they print."""

from pathlib import Path

import pytest

from tests.promises import pages
from tools.places import REFERENCE, ROOT

FOUND = sorted(
    path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"))
    if path.exists() and REFERENCE not in path.parents
)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_does_what_it_says(path: Path, tmp_path: Path) -> None:
    """Every python and bash block runs in order, and prints the text block after it."""
    page = pages.Page(str(path.relative_to(ROOT)), tmp_path)
    for block, expected in pages.with_output(pages.blocks(path.read_text())):
        assert (page.run(block, expected) or "") == ""


@pytest.mark.parametrize("path", FOUND, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(path: Path) -> None:
    """Every relative link names a file that is there."""
    targets = [link for link in pages.links(path.read_text()) if not link.startswith(("#", "http"))]
    gone = [link for link in targets if not (path.parent / link.split("#")[0]).exists()]
    assert gone == []


PAGE = """\
<!-- file: numbers.txt -->
```
1
2
```
```python
from pathlib import Path

total = sum(map(int, Path("numbers.txt").read_text().split()))
print("total", total)
```

```text
total ...
```
```bash
cat numbers.txt; exit 0
```
```text
...
2
```
<!-- exits: 3 -->
```bash
exit 3
```
<!-- not run: it would fail -->
```bash
false
```
```yaml
never: run
```
"""


def run(text: str, folder: Path) -> list[str]:
    """Everything wrong with a page, given as text."""
    page = pages.Page("page.md", folder)
    found = [page.run(*pair) for pair in pages.with_output(pages.blocks(text))]
    return [problem for problem in found if problem]


def test_the_runner_follows_the_remarks(tmp_path: Path) -> None:
    """Files are written, output compared, exit codes expected, and marked blocks left alone."""
    assert run(PAGE, tmp_path) == []


@pytest.mark.parametrize(
    ("good", "bad", "problem"),
    [
        ("total ...\n", "sum ...\n", "page.md:7: must print what the page says"),
        ("print(", "prnt(", "page.md:7: must exit 0 (got 1)"),
        ("exits: 3", "exits: 4", "page.md:25: must exit 4 (got 3)"),
        ("...\n2\n", "...\n3\n", "page.md:17: must print what the page says"),
    ],
)
def test_the_runner_notices(good: str, bad: str, problem: str, tmp_path: Path) -> None:
    """A page whose code fails, or prints something else, is refused with the line it is on."""
    (found,) = run(PAGE.replace(good, bad), tmp_path)
    assert found.startswith(problem)
