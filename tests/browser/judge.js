// Run axe where a page shows what none before it has shown: `whole` are rules for all of it, `parts` those for elements
// by themselves, `seen` the marks of elements that were judged. Return the new marks and the serious faults.
async ({ whole, parts, seen }) => {
  const telling = /^(class|role|type|scope|lang|hidden|open|disabled|aria-(current|expanded|hidden|invalid|pressed))$/;
  const marks = new Map();
  const hash = (text) => {
    let [one, two] = [0xdeadbeef, 0x41c6ce57];
    for (let at = 0; at < text.length; at++) {
      one = Math.imul(one ^ text.charCodeAt(at), 2654435761);
      two = Math.imul(two ^ text.charCodeAt(at), 1597334677);
    }
    return 4294967296 * (2097151 & (two ^ (one >>> 13))) + ((one ^ (two >>> 16)) >>> 0);
  };
  const markOf = (element) => {
    const attributes = [...element.attributes].map(({ name, value }) => (telling.test(name) ? `${name}=${value}` : name));
    const speaks = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const above = marks.get(element.parentElement) ?? "";
    return hash([above, element.tagName, speaks, ...attributes.sort()].join(" "));
  };
  for (const element of document.querySelectorAll("*")) marks.set(element, markOf(element)); // parents come first
  const known = new Set(seen);
  const isNew = (element) => element && !known.has(marks.get(element));
  const added = [...marks.keys()].filter(isNew);
  if (!added.length) return { marks: [], faults: [] };
  const include = added.filter((element) => !isNew(element.parentElement) && !element.closest("head"));
  const runs = whole ? [[document, whole]] : [];
  if (parts && include.length) runs.push([include.includes(document.documentElement) ? document : { include }, parts]);
  const faults = [];
  for (const [context, rules] of runs) {
    for (const fault of (await axe.run(context, { resultTypes: ["violations"], ...rules })).violations) {
      if (!["serious", "critical"].includes(fault.impact)) continue;
      faults.push(...fault.nodes.map((node) => `${fault.id}: ${node.html.slice(0, 200)}`));
    }
  }
  return { marks: [...new Set(added.map((element) => marks.get(element)))], faults };
}
