import { useLayoutEffect, useRef } from "./preact.mjs";

/** Steps of the arrow keys: across, down. */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * Make the buttons of a container one Tab stop: the button that had the focus last or, before that, a pressed
 * one. Return handlers with which arrows move the focus. `data-layer` is the column of a button.
 */
export function useArrows(container) {
  const last = useRef(null);
  const setStop = () => {
    const buttons = [...container.current.querySelectorAll("[data-layer]")];
    const stop = buttons.find((button) => button === last.current) ?? buttons.find(({ ariaPressed }) => ariaPressed === "true") ?? buttons[0];
    for (const button of buttons) button.tabIndex = button === stop ? 0 : -1;
  };
  useLayoutEffect(setStop);
  return {
    onfocusin({ target }) {
      last.current = target;
      setStop();
    },
    onKeyDown(event) {
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      buttonNear(container.current, event.target, ...ARROWS[event.key])?.focus();
    },
  };
}

/** Return the nearest button of the column beside a button, or the next one up or down in its own column. */
function buttonNear(container, button, across, down) {
  const middle = (one) => one.offsetTop + one.offsetHeight / 2;
  const apart = (one) => middle(one) - middle(button);
  const column = [...container.querySelectorAll(`[data-layer="${Number(button.dataset.layer) + across}"]`)];
  const others = column.filter((one) => !down || apart(one) * down > 0);
  return others.sort((a, b) => Math.abs(apart(a)) - Math.abs(apart(b)))[0];
}
