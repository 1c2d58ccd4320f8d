// Switches the MaskExplorer of the page between the states in mask_explorer_states.js.
// A unit in the picture operates the list of units by itself, as it does in JupyterLab.
const explorer = document.querySelector(".living-explorer");
const form = explorer.querySelector("form");
const { ordering, fault, direct, unit } = form.elements;
const picture = explorer.querySelector(".living-picture");
const style = explorer.querySelector(".made-said style");
const sentence = explorer.querySelector(".made-said [role=status]");
const finding = explorer.querySelector(".made-finding");

const network = () =>
  maskExplorer.networks[[ordering.value, fault.value, direct.checked].join("|")];

function select() {
  style.textContent = maskExplorer.styles[unit.selectedIndex];
  sentence.textContent = network().sentences[unit.selectedIndex];
}

function draw() {
  picture.innerHTML = network().picture;
  finding.textContent = network().finding;
  select();
}

function tellOfLeak() {
  unit.selectedIndex = network().leaking ?? unit.selectedIndex;
  draw();
}

unit.addEventListener("change", select);
ordering.addEventListener("change", draw);
direct.addEventListener("change", draw);
fault.addEventListener("change", tellOfLeak);
form.addEventListener("reset", () => setTimeout(draw)); // once the controls are back
form.addEventListener("submit", (event) => event.preventDefault());
