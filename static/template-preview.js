// Updates the editor's preview while typing, and inserts values. Without this script the button Preview does the first.
(() => {
  const form = document.querySelector("form[data-preview]");
  if (!form) return;
  const REST = 500;
  let timer = 0;
  let latest = 0;
  let scheme = "light";

  const showMail = () => {
    const button = form.querySelector(`[data-mail][value="${scheme}"]`);
    if (button) form.requestSubmit(button);
  };

  const sampleNames = (part) => [...part.querySelectorAll("input")].map((input) => input.name).join();

  // Faults are shown beside the fields that were typed in; the others are not finished yet.
  const typed = new Set();
  const mark = (page) => {
    for (const name of typed) {
      const ours = form.elements.namedItem(name)?.closest?.(".field");
      const theirs = page.getElementById(form.elements.namedItem(name)?.id)?.closest(".field");
      if (!ours || !theirs) continue;
      ours.classList.toggle("wrong", theirs.classList.contains("wrong"));
      ours.querySelector("p.error")?.remove();
      const fault = theirs.querySelector("p.error");
      if (fault) ours.append(fault);
      for (const attribute of ["aria-invalid", "aria-describedby"]) {
        const value = theirs.querySelector(`[name="${name}"]`).getAttribute(attribute);
        if (value === null) form.elements.namedItem(name).removeAttribute(attribute);
        else form.elements.namedItem(name).setAttribute(attribute, value);
      }
    }
  };

  const show = (page) => {
    mark(page);
    const theirs = page.getElementById("preview");
    const isNarrow = form.querySelector("[data-narrow]")?.checked;
    const narrow = theirs.querySelector("[data-narrow]");
    if (narrow && isNarrow) narrow.checked = true;
    document.getElementById("preview").replaceWith(theirs);
    const ours = document.getElementById("samples");
    const samples = page.getElementById("samples");
    if (!ours.contains(document.activeElement) && samples.querySelector("input") && sampleNames(ours) !== sampleNames(samples)) {
      ours.replaceWith(samples);
    }
    showMail();
  };

  const refresh = async () => {
    const mine = ++latest;
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
      const text = answer.ok && !answer.redirected ? await answer.text() : "";
      if (text && mine === latest) show(new DOMParser().parseFromString(text, "text/html"));
    } catch {
      // the Preview button still works
    }
  };

  form.addEventListener("input", (event) => {
    if (!event.target.name) return;
    typed.add(event.target.name);
    clearTimeout(timer);
    timer = setTimeout(refresh, REST);
  });

  // Values go to the field that had the cursor last, in place of what is selected.
  let last = form.elements.namedItem("text");
  form.addEventListener("focusin", (event) => {
    if (["subject", "text", "html"].includes(event.target.name)) last = event.target;
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert], [data-mail]");
    if (!button) return;
    if (button.dataset.mail !== undefined) {
      scheme = button.value;
      return;
    }
    last.setRangeText(button.dataset.insert, last.selectionStart, last.selectionEnd, "end");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
  });
  for (const buttons of form.querySelectorAll("[data-inserts]")) buttons.hidden = false;
  showMail();
})();
