// A state as the address of a page, and as lines of Python.
import { MIXED_UP, NOT_STRICT } from "./network.mjs";

const FAULT_NAMES = { earlier: "none", own: NOT_STRICT, other: MIXED_UP };
/** The keys of an address, and the form of each value: at most 4 layers of 64 degrees, and 32 boards. */
const FORMS = {
  data: /^(diary|boards|yours)$/,
  ordering: /^[0-9a-f,]+$/,
  hidden: /^([1-9a-f]{1,64}(,|$)){0,4}$/,
  sees: /^(earlier|own|other)$/,
  direct: /^[01]$/,
  yours: /^([0-9a-f]{4}(,|$)){0,32}$/,
};
const hex = (numbers) => numbers.map((number) => number.toString(16)).join("");
const unhex = (text) => Array.from(text, (digit) => parseInt(digit, 16));

/** Return the fragment of an address, after its #. Each variable, degree and group of four pixels is a hexadecimal digit. */
export function addressOf({ lesson, yours, ordering, hidden_degrees, direct, fault }) {
  const sees = Object.keys(FAULT_NAMES).find((name) => FAULT_NAMES[name] === fault);
  const nibble = (board, k) => parseInt(board.slice(4 * k, 4 * k + 4).join(""), 2);
  const painted = lesson === "yours" ? [`yours=${yours.map((board) => hex([0, 1, 2, 3].map((k) => nibble(board, k))))}`] : [];
  return [`data=${lesson}`, `ordering=${ordering.map(hex)}`, `hidden=${hidden_degrees.map(hex)}`, `sees=${sees}`, `direct=${Number(direct)}`, ...painted].join("&");
}

/** Return the values of the state that a fragment holds, or {} if it does not describe a state. */
export function stateOf(address) {
  const given = new URLSearchParams(address);
  const lesson = given.get("data");
  const fits = ([name, form]) => (given.has(name) ? form.test(given.get(name)) : name === "yours" && lesson !== "yours");
  if (!Object.entries(FORMS).every(fits)) return {};
  const lists = (name) => given.get(name).split(",").filter(Boolean).map(unhex);
  const [ordering, hidden_degrees] = [lists("ordering"), lists("hidden").map((layer) => layer.sort((a, b) => a - b))];
  const isPermutation = String(ordering.flat().sort((a, b) => a - b)) === String([...Array(lesson === "diary" ? 3 : 16).keys()]);
  if (!isPermutation || hidden_degrees.flat().some((degree) => degree > Math.max(ordering.length - 1, 1))) return {};
  return {
    lesson,
    ordering,
    hidden_degrees,
    direct: given.get("direct") === "1",
    fault: FAULT_NAMES[given.get("sees")],
    selected: [hidden_degrees.length + 1, ordering.at(-1)[0]],
    ...(lesson === "yours" && { yours: lists("yours").map((board) => board.flatMap((nibble) => Array.from(nibble.toString(2).padStart(4, "0"), Number))) }),
  };
}

const inPython = (lists) => JSON.stringify(lists).replaceAll(",", ", ");

/** Return about ten lines of Python that build the same model and print which inputs each output depends on. */
export function torchLines({ ordering, hidden_degrees, direct, fault }) {
  const sign = fault === NOT_STRICT ? ">=" : ">";
  const top = Math.max(ordering.length - 1, 1);
  const units = hidden_degrees.map((layer) => Array.from({ length: top }, (_, k) => layer.filter((degree) => degree === k + 1).length));
  const order = fault === MIXED_UP ? "torch.tensor(ordering).flatten() + 1  # the fault" : "input_degrees(ordering)";
  const faulty = [`model.net[-1].set_mask(order[:, None] ${sign} degrees[-1])`, ...(direct ? [`model.direct.set_mask(order[:, None] ${sign} order)`] : [])];
  return [
    "import torch",
    "from made_course import MADE, build_masks, connectivity, input_degrees",
    `ordering = ${inPython(ordering)}`,
    `units = ${inPython(units)}  # of degree 1, 2, ... in each hidden layer`,
    `order = ${order}`,
    "degrees = [order, *(torch.arange(len(n)).add(1).repeat_interleave(torch.tensor(n)) for n in units)]",
    `model = MADE(${ordering.flat().length}, [sum(n) for n in units], ordering=ordering, direct=${direct ? "True" : "False"})`,
    "for layer, mask in zip(model.net, build_masks(degrees)):",
    "    layer.set_mask(mask)",
    ...(fault === "none" ? [] : faulty),
    `print(connectivity([layer.mask for layer in model.net]${direct ? ", model.direct.mask" : ""}).int())`,
  ].join("\n");
}
