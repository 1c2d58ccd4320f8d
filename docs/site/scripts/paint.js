/** Red, green, blue and how much it covers, of a colour that front.css names. */
const colourOf = (element, name) => {
  const hex = parseInt(getComputedStyle(element).getPropertyValue(name).trim().slice(1), 16);
  return [hex >> 16, (hex >> 8) & 255, hex & 255, 255];
};

/** A digit into a canvas, at a place counted in digits; what is not yet known has its own colour. */
function paint(canvas, row, column = 0, line = 0, order = null, known = 784) {
  const ink = colourOf(canvas, "--ink");
  const open = colourOf(canvas, "--open");
  const image = new ImageData(28, 28);
  for (let i = 0; i < 784; i++) {
    if (order && order[i] > known) image.data.set(open, 4 * i);
    else if (row[i]) image.data.set(ink, 4 * i);
  }
  canvas.getContext("2d").putImageData(image, 28 * column, 28 * line);
}
