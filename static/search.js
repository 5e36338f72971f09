// "/" and Ctrl-K (Cmd-K) put the cursor into the search of the header; on a phone that opens the menu.
for (const key of document.querySelectorAll(".find kbd")) key.hidden = false;

document.addEventListener("keydown", (event) => {
  const types = event.target.closest?.("input, textarea, select, [contenteditable]");
  const isSlash = event.key === "/" && !types && !event.ctrlKey && !event.metaKey && !event.altKey;
  const isCommand = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  if (!isSlash && !isCommand) return;
  const fields = [...document.querySelectorAll(".find input")];
  const shown = fields.find((field) => field.checkVisibility());
  if (!shown) document.querySelector(".drawer").open = true;
  event.preventDefault();
  (shown ?? fields.at(-1)).select();
  (shown ?? fields.at(-1)).focus();
});
