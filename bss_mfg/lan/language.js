
// Says texts in the language of WORDS: what is not in there stays English. A number is written as the language does.
export function t(text, values = {}) {
  return filled(WORDS[text] ?? text, values);
}

export function n(one, many, count, values = {}) {
  return filled((WORDS[one] ?? [one, many])[count === 1 ? 0 : 1], { count, ...values });
}

function filled(text, values) {
  const shown = (value) => typeof value === "number" ? value.toLocaleString(LANGUAGE) : value;
  return text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? shown(values[name]) : whole);
}
