// What scrolls sideways is a stop for the Tab key, so that the arrow keys can scroll it.
const stops = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
document.querySelectorAll("pre, .formula, .table-wrapper").forEach((part) => stops.observe(part));

// The theme has two columns and a name for neither, and headings in one that say no level.
document.querySelectorAll(".caption[role=heading]").forEach((part) => (part.ariaLevel = 2));
document.querySelector(".sidebar-drawer").ariaLabel = "All pages";
document.querySelector(".toc-drawer").ariaLabel = "On this page";

// The theme's name for a fold differs from the words that are seen.
document.querySelectorAll("details.hide > summary").forEach((words) => words.removeAttribute("aria-label"));
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((fold) => (fold.open = true)));

// Answers stay folded until a reader has predicted; a switch at the top, which is remembered, opens all.
const answers = document.querySelectorAll(".answer");
if (answers.length) {
  const all = Object.assign(document.createElement("input"), { type: "checkbox", checked: localStorage.answers === "shown" });
  const words = document.createElement("label");
  words.append(all, " Show all answers");
  words.className = "show-all";
  document.querySelector(".before").before(words);
  const show = () => answers.forEach((fold) => (fold.open = all.checked));
  all.addEventListener("change", () => {
    localStorage.answers = all.checked ? "shown" : "folded";
    show();
  });
  show();
}
answers.forEach((fold) =>
  fold.addEventListener("toggle", () => {
    fold.firstElementChild.textContent = fold.open ? "Hide the answer" : "Predict first, then show the answer";
    for (const image of fold.querySelectorAll("img")) image.src = image.src; // one that moves begins again
  }),
);

document.querySelectorAll(".more").forEach((fold) => {
  const all = fold.textContent;
  fold.addEventListener("toggle", () => (fold.firstElementChild.textContent = fold.open ? "Show fewer lines" : all));
});

// A self-check marks the choice that was pressed.
document.querySelectorAll(".self-check details").forEach((choice) => {
  const words = choice.querySelector(":scope > :not(summary)").textContent.trim();
  choice.classList.add(words.startsWith("✓") ? "right" : "wrong-choice");
});
