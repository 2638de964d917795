// The colour scheme: light, dark, or that of the system.

const KEY = "curation.theme";
const NEXT = { auto: "light", light: "dark", dark: "auto" };
const WORDS = { auto: "system", light: "light", dark: "dark" };

export function currentTheme() {
  return document.documentElement.dataset.theme ?? "auto";
}

export function setTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the choice applies to this page only.
  }
}

export function wireThemeButton(button) {
  const describe = () => {
    const theme = currentTheme();
    button.setAttribute("aria-label", `Colour scheme: ${WORDS[theme]}. Change to ${WORDS[NEXT[theme]]}`);
    button.title = `Colour scheme: ${WORDS[theme]}`;
  };
  button.addEventListener("click", () => {
    setTheme(NEXT[currentTheme()]);
    describe();
  });
  describe();
}
