"use strict";
/* Shows the title of the column under the pointer as a tip of its own, with a cross-hair; a touch does, too. An entry of a
   legend hides its series. On a phone each card with `data-fold` shows its heading only, until it is pressed. Without this
   script the browser shows the titles, each chart has a table of the same figures, and all cards are open. */
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const GROUND = 190;
  const GAP = 1.5;

  // Puts the bars of a column onto each other again, without the hidden ones; the scale stays.
  const stack = (column) => {
    let base = GROUND;
    for (const bar of column.querySelectorAll(".bar:not(.hidden)")) {
      base -= Number(bar.getAttribute("height"));
      bar.setAttribute("y", base);
      base -= GAP;
    }
  };

  const buttonOf = (place, name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = name;
    button.append(...place.childNodes);
    place.append(button);
    return button;
  };

  for (const card of document.querySelectorAll(".card:has(.plot)")) {
    for (const entry of card.querySelectorAll("[data-series]")) {
      const button = buttonOf(entry, "series");
      button.setAttribute("aria-pressed", "true");
      button.addEventListener("click", () => {
        const isShown = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", isShown);
        for (const one of card.querySelectorAll(`.plot .${entry.dataset.series}`)) one.classList.toggle("hidden", !isShown);
        card.querySelectorAll(".column").forEach(stack);
      });
    }
  }

  if (matchMedia("(max-width: 40rem)").matches) {
    for (const card of document.querySelectorAll("[data-fold]")) {
      const button = buttonOf(card.querySelector("h2"), "fold");
      const fold = (isOpen) => {
        button.setAttribute("aria-expanded", isOpen);
        card.classList.toggle("folded", !isOpen);
      };
      button.addEventListener("click", () => fold(card.classList.contains("folded")));
      fold(false);
    }
  }

  for (const plot of document.querySelectorAll(".plot")) {
    const columns = [...plot.querySelectorAll(".column")];
    const texts = columns.map((column) => {
      const title = column.querySelector("title");
      title.remove();
      return title.textContent;
    });
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    tip.setAttribute("aria-hidden", "true");
    plot.parentElement.append(tip);
    const cross = document.createElementNS(SVG, "line");
    cross.setAttribute("class", "cross");
    cross.setAttribute("y1", "0");
    cross.setAttribute("y2", GROUND);

    const hide = () => {
      tip.hidden = true;
      cross.remove();
    };
    const show = (event) => {
      const box = plot.getBoundingClientRect();
      const place = Math.floor(((event.clientX - box.left) / box.width) * columns.length);
      if (!(place in columns)) return hide();
      const middle = ((place + 0.5) / columns.length) * 100;
      cross.setAttribute("x1", `${middle}%`);
      cross.setAttribute("x2", `${middle}%`);
      plot.append(cross);
      tip.textContent = texts[place];
      tip.hidden = false;
      const frame = plot.parentElement.getBoundingClientRect();
      const x = box.left - frame.left + (box.width * middle) / 100;
      const beside = x + 12 + tip.offsetWidth > frame.width ? x - 12 - tip.offsetWidth : x + 12;
      tip.style.left = `${Math.max(0, Math.min(beside, frame.width - tip.offsetWidth))}px`;
    };
    plot.addEventListener("pointermove", show);
    plot.addEventListener("pointerdown", show);
    plot.addEventListener("pointerleave", hide);
  }
})();
