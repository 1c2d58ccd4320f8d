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

// The theme's name for what a prediction folds differs from the words that are seen.
const folds = document.querySelectorAll("details.hide");
folds.forEach((fold) => fold.querySelector("summary").removeAttribute("aria-label"));
addEventListener("beforeprint", () => folds.forEach((fold) => (fold.open = true)));

// A figure that gives an answer away is there for nobody until they have guessed.
document.querySelectorAll(".guess > button").forEach((button) => {
  const picture = button.parentElement;
  const answer = picture.querySelectorAll("img, figcaption");
  answer.forEach((part) => (part.inert = true));
  button.addEventListener("click", () => {
    picture.classList.remove("guess");
    answer.forEach((part) => (part.inert = false));
    picture.querySelectorAll("img").forEach((image) => (image.src = image.src)); // one that moves begins again
    button.remove();
    picture.tabIndex = -1;
    picture.focus();
  });
});

// A widget with many weights comes when it is asked for.
document.querySelectorAll(".made-load").forEach((button) =>
  button.addEventListener("click", () => {
    const place = button.parentElement;
    const script = document.createElement("script");
    Object.assign(script, { src: button.dataset.script, place });
    place.replaceChildren();
    place.after(script);
  }),
);
