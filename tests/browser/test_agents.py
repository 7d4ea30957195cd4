"""Writing an agent: the draft keeps itself, and publishing is two clicks away."""

from playwright.sync_api import expect


def test_change_the_greeting_and_publish(open_page, scene):
    page = open_page(scene.path("agents", scene.agent_id))
    page.get_by_label("First message", exact=False).first.fill("Good evening, Lindenhof.")
    page.get_by_label("Name", exact=True).focus()
    expect(page.locator("#saved")).to_contain_text("1 change since v1")
    page.get_by_role("button", name="Publish v2").click()
    expect(page.locator(".toasts")).to_contain_text("Version 2 is published")
    page.get_by_role("link", name="Versions").click()
    expect(page.locator("tbody tr").first).to_contain_text("First message")


def test_a_wrong_field_is_marked_and_the_rest_is_kept(open_page, scene, complaints):
    page = open_page(scene.path("agents", scene.agent_id))
    page.get_by_label("Language", exact=True).fill("no tag")
    page.get_by_label("Name", exact=True).focus()
    expect(page.locator("#id_language_error")).to_contain_text("language tag")
    expect(page.locator("#id_language")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Language", exact=True).fill("de-CH")
    page.get_by_label("Name", exact=True).focus()
    expect(page.locator("#id_language_error")).to_be_empty()
    page.get_by_label("Language", exact=True).fill("no tag again")
    page.get_by_role("button", name="Publish v2").click()
    expect(page.locator("#id_language")).to_be_focused()
    expect(page.locator("#id_language")).to_have_value("no tag again")
    complaints.heard = [text for text in complaints.heard if "422" not in text]


def test_assign_a_number(open_page, scene):
    page = open_page(scene.path("numbers"))
    page.get_by_role("combobox").select_option("Front desk")
    expect(page.locator(".toasts")).to_contain_text("+15005550006 is answered by Front desk.")


def test_a_key_is_shown_once(open_page, scene):
    page = open_page(scene.path("settings", "keys"))
    page.get_by_role("button", name="Create a key").click()
    page.get_by_label("Name", exact=True).fill("Shop")
    page.get_by_role("button", name="Create the key").click()
    secret = page.locator("#secret").inner_text()
    assert secret.startswith("pt_")
    page.get_by_role("button", name="Copy", exact=True).click()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.goto(page.url)
    expect(page.locator("#secret")).to_have_count(0)
