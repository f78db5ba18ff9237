"""A moderator at work, in a real browser: from the door to a picture that is shown again, by keys alone."""

from browser import Window, window
from console_site import PASSWORD, Console
from playwright.sync_api import expect

from quorum.accounts.roles import Role
from quorum.policy.classes import ANONYMOUS


def state(console: Console, image: str) -> str:
    return console.bench.status(image).state.public_name


def chosen(opened: Window) -> str:
    return opened.page.locator("#image-id").inner_text()


def press(opened: Window, key: str) -> None:
    """Press a key, and wait until the page that it leads to is there."""
    before = chosen(opened)
    opened.page.keyboard.press(key)
    expect(opened.page.locator("#image-id")).not_to_have_text(before)


def test_from_the_door_to_a_cleared_picture_by_keys_alone(console: Console) -> None:
    name = console.account(Role.MODERATOR)
    for number in range(3):
        console.hold(f"agency/keys-{number}")
    with window() as opened:
        opened.page.goto(console.url)
        opened.page.keyboard.type(name)
        opened.page.keyboard.press("Tab")
        opened.page.keyboard.type(PASSWORD)
        opened.page.keyboard.press("Enter")
        expect(opened.page.locator("#image-id")).to_have_text("agency/keys-0")
        opened.page.wait_for_load_state("networkidle")
        press(opened, "j")
        press(opened, "k")
        assert chosen(opened) == "agency/keys-0"
        picture = opened.page.locator("figure img")
        assert "blur" in picture.evaluate("one => getComputedStyle(one).filter")
        opened.page.keyboard.press("b")
        assert picture.evaluate("one => getComputedStyle(one).filter") == "none"
        opened.page.keyboard.press("g")
        assert "grayscale" in picture.evaluate("one => getComputedStyle(one).filter")
        press(opened, "c")
        expect(opened.page.locator("#notices")).to_contain_text("agency/keys-0: cleared.")
        assert state(console, "agency/keys-0") == "cleared"
        assert chosen(opened) == "agency/keys-1"
        opened.page.keyboard.press("z")
        expect(opened.page.locator("#notices")).to_contain_text("agency/keys-0 is as before: held.")
        assert state(console, "agency/keys-0") == "held"
        opened.page.goto(f"{console.url}/queue")
        opened.page.wait_for_load_state("networkidle")
        upheld = chosen(opened)
        press(opened, "u")
        assert state(console, upheld) == "blocked"
        left = chosen(opened)
        press(opened, "h")
        assert state(console, left) == "held"
        looked_at = chosen(opened)
        opened.page.keyboard.press("?")
        expect(opened.page.locator("#help")).to_be_visible()
        opened.page.keyboard.press("c")  # a key in a dialog decides nothing
        opened.page.keyboard.press("Escape")
        assert state(console, looked_at) == "held"
        opened.assert_clean(console.url)


def test_a_letter_that_is_written_decides_nothing(console: Console) -> None:
    console.hold("agency/note")
    with window() as opened:
        console.enter(opened, Role.MODERATOR)
        opened.page.goto(f"{console.url}/queue?image=agency/note")
        opened.page.locator(".decide summary").click()
        opened.page.locator("textarea").fill("")
        opened.page.locator("textarea").press_sequentially("such a nice picture, hm? jk")
        assert state(console, "agency/note") == "held"
        opened.page.locator("[data-key=c]").click()
        expect(opened.page.locator("#notices")).to_contain_text("agency/note: cleared.")
        opened.page.goto(f"{console.url}/images/agency/note")
        expect(opened.page.locator("blockquote").first).to_have_text("such a nice picture, hm? jk")


def test_many_are_ticked_and_previewed(console: Console) -> None:
    for number in range(4):
        console.hold(f"agency/many-{number}", who="many")
    with window() as opened:
        console.enter(opened, Role.MODERATOR)
        opened.page.goto(f"{console.url}/queue?sort=newest")
        for number in (0, 2):
            opened.page.get_by_label(f"Choose agency/many-{number}").check()
        opened.page.get_by_role("button", name="See what would happen").click()
        expect(opened.page.locator("h1")).to_have_text("What would happen")
        assert state(console, "agency/many-0") == "held"
        opened.page.get_by_role("button", name="Do it").click()
        expect(opened.page.locator("#notices")).to_contain_text("2 images decided.")
        states = [state(console, f"agency/many-{number}") for number in range(4)]
        assert states == ["cleared", "held", "cleared", "held"]


def test_another_moderator_is_seen_and_a_viewer_decides_nothing(console: Console) -> None:
    console.hold("agency/two")
    with window() as opened:
        console.enter(opened, Role.MODERATOR)
        opened.page.goto(f"{console.url}/queue?image=agency/two")
        expect(opened.page.locator("#claim")).to_contain_text("You look at it")
        assert opened.page.context.browser
        context = opened.page.context.browser.new_context()
        context.add_cookies([{"name": "quorum", "value": console.cookie(Role.VIEWER), "url": console.url}])
        other = context.new_page()
        other.goto(f"{console.url}/images/agency/two")
        expect(other.locator("[data-key]")).to_have_count(0)
        other.goto(f"{console.url}/queue?sort=newest")
        expect(other.locator("li", has_text="agency/two")).to_contain_text("moderator@example.org looks at it")


def test_a_list_in_arabic_begins_on_the_right(console: Console) -> None:
    console.hold("agency/right-to-left", reporter_class=ANONYMOUS, people=20)
    with window("ar") as opened:
        console.enter(opened)
        opened.page.goto(f"{console.url}/queue")
        brand = opened.page.locator(".brand").bounding_box()
        assert brand
        assert brand["x"] > 600
