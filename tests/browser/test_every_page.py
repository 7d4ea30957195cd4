"""What holds on every page: it fits, it is announced, it obeys the policy, in light and in dark."""

import pytest
from playwright.sync_api import Page, expect

PAGES = {
    "calls": ("calls",),
    "nothing found": ("calls", "?q=giraffe"),
    "call": ("calls", "{call}"),
    "agents": ("agents",),
    "new agent": ("agents", "new"),
    "agent": ("agents", "{agent}"),
    "versions": ("agents", "{agent}", "versions"),
    "tools": ("tools",),
    "new tool": ("tools", "new"),
    "tool": ("tools", "{tool}"),
    "runs": ("tools", "{tool}", "runs"),
    "new MCP server": ("tools", "servers", "new"),
    "numbers": ("numbers",),
    "keys": ("settings", "keys"),
}
# Names of everything that can be worked with, and what is wrong with the page's skeleton.
FAULTS = """() => {
  const faults = [];
  const every = (selector) => [...document.querySelectorAll(selector)];
  const start = (element) => element.outerHTML.slice(0, 120);
  if (every("h1").length !== 1) faults.push("h1: " + every("h1").length);
  for (const name of ["main", "nav"]) if (!every(name).length) faults.push("no " + name);
  if (!document.documentElement.lang || !document.title) faults.push("no language or title");
  for (const field of every("input:not([type=hidden]), select, textarea"))
    if (!field.labels?.length && !field.ariaLabel) faults.push("no label: " + start(field));
  for (const thing of every("a, button, summary"))
    if (!thing.textContent.trim() && !thing.ariaLabel) faults.push("no name: " + start(thing));
  for (const image of every("img:not([alt])")) faults.push("no alt: " + image.src);
  for (const svg of every("svg:not([aria-hidden])")) faults.push("svg: " + start(svg));
  const ids = every("[id]").map((e) => e.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push("twice: #" + id);
  for (const e of every("[aria-describedby]"))
    for (const id of e.getAttribute("aria-describedby").split(" "))
      if (!document.getElementById(id)) faults.push("describes nothing: " + id);
  for (const e of every("[style]")) faults.push("style: " + start(e));
  // 24 px, except links inside sentences; of a row's link the whole row is the target.
  for (const e of every("a, button, summary, select, input:not([type=hidden], [type=checkbox])")) {
    const box = e.getBoundingClientRect();
    if (box.width && box.height < 24 && !e.matches("p a, dd a, span a, .transport a, a.whole"))
      faults.push("small: " + box.height + " " + start(e));
  }
  return faults;
}"""


def address(scene, name: str) -> str:
    parts = [
        part.format(call=scene.call.pk, agent=scene.agent_id, tool=scene.tool_id) for part in PAGES[name]
    ]
    query = parts.pop() if parts[-1].startswith("?") else ""
    return scene.path(*parts) + query


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_skeleton_and_fit(open_page, scene, name, dark):
    page = open_page(address(scene, name), width=390, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(FAULTS) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == ("rgb(16, 18, 20)" if dark else "rgb(255, 255, 255)")


def test_the_light_switch_is_kept(open_page, scene):
    page = open_page(scene.path("calls"))
    page.get_by_text("Your menu").locator("..").click()
    page.get_by_role("button", name="Dark").click()
    assert _is_dark(page)
    page.goto(scene.path("agents"))
    assert _is_dark(page)


def _is_dark(page: Page) -> bool:
    return page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(16, 18, 20)"


def test_question_mark_shows_the_keys(open_page, scene):
    page = open_page(scene.path("calls"))
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_the_first_tab_skips_to_the_content(open_page, scene):
    page = open_page(scene.path("calls"))
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_the_policy_is_in_force(open_page, scene, complaints):
    page = open_page(scene.path("calls"))
    script = "const it = document.createElement('script'); it.textContent = 'window.got = 1';"
    page.evaluate(f"() => {{ {script} document.body.append(it) }}")
    assert page.evaluate("window.got === undefined")
    assert any("Content Security Policy" in text for text in complaints.heard)
    complaints.heard.clear()


def test_a_page_that_is_not_there(open_page, scene, complaints):
    page = open_page(scene.path("calls", "call_none"))
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    complaints.heard.clear()


def test_signing_out(open_page, scene):
    page = open_page(scene.path("calls"))
    page.get_by_text("Your menu").locator("..").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    page.goto(scene.path("calls"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
