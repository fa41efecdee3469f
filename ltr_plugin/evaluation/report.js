"use strict";
// The table of all queries: search, a slice, the order of a column, and more rows on demand. Texts are those of
// shoppers, so they are only ever set as text.
(() => {
  const PAGE = 50;
  const data = JSON.parse(document.getElementById("query-data").textContent);
  const [search, slice, count, table, more] = ["search", "slice", "count", "table", "more"].map((name) =>
    document.getElementById(`query-${name}`),
  );
  const colours = JSON.parse(table.dataset.colours);
  const QUERY = 0, MODE = 2, RELEVANT = 3, SLICES = 4, VALUES = 5;
  let key = null, descending = false, shown = PAGE;

  const columns = [
    { name: "query", of: (row) => row[1] || row[QUERY], text: true },
    { name: "consists of", of: (row) => row[MODE], text: true },
    { name: "relevant", of: (row) => row[RELEVANT] },
    ...data.rankers.flatMap((name, at) => {
      const value = { name, at, of: (row) => row[VALUES][at] };
      const of = (row) => row[VALUES][at] - row[VALUES][data.baseline];
      return at === data.baseline ? [value] : [value, { name: "difference", at, of, change: true }];
    }),
  ];

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  // A long name may continue on the next line behind a full stop, a slash, an underscore or a hyphen.
  const breakable = (name) => name.split(/(?<=[./_-])(?=[A-Za-z])/).flatMap((part, at) => (at ? [make("wbr"), part] : [part]));

  function button(column) {
    const sorted = column === key ? (descending ? " \u2193" : " \u2191") : "";
    const parts = breakable(column.name);
    const element = make("button", { type: "button", className: column.change ? "by" : "" }, ...parts, sorted);
    if (column.change) element.setAttribute("aria-label", `difference of ${data.rankers[column.at]}`);
    element.classList.toggle("sorted", column === key);
    element.addEventListener("click", () => {
      descending = column === key ? !descending : !column.text && !column.change;
      key = column;
      shown = PAGE;
      draw();
      head.querySelector("button.sorted").focus();
    });
    return element;
  }

  function heading(column) {
    const cell = make("th", { scope: "col" });
    if ("at" in column) {
      cell.append(make("span", { className: "dot" }));
      cell.firstChild.style.background = colours[column.at];
    }
    const parts = columns.filter((one) => one === column || ("at" in column && one.at === column.at));
    cell.append(...parts.map(button));
    if (parts.includes(key)) cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
    return cell;
  }

  function line(row) {
    const query = make("td", {}, row[1] || row[QUERY]);
    if (row[1]) query.append(make("span", { className: "id" }, row[QUERY]));
    const cells = row[VALUES].map((value, at) => {
      const cell = make("td", {}, value.toFixed(3));
      if (at === data.baseline) return cell;
      const change = Number((value - row[VALUES][data.baseline]).toFixed(3));
      const sign = change > 0 ? "+" : change < 0 ? "\u2212" : "\u00b1";
      const className = `change ${change > 0 ? "up" : change < 0 ? "down" : ""}`;
      cell.append(make("span", { className }, sign + Math.abs(change).toFixed(3)));
      return cell;
    });
    return make("tr", {}, query, make("td", {}, row[MODE]), make("td", {}, String(row[RELEVANT])), ...cells);
  }

  function chosen() {
    const wanted = search.value.trim().toLowerCase();
    const part = Number(slice.value);
    const rows = data.rows.filter(
      (row) =>
        (slice.value === "" || row[SLICES].includes(part)) && `${row[1]} ${row[QUERY]}`.toLowerCase().includes(wanted),
    );
    if (!key) return rows;
    const compare = key.text
      ? (one, other) => key.of(one).localeCompare(key.of(other))
      : (one, other) => key.of(one) - key.of(other);
    return rows.sort((one, other) => (descending ? compare(other, one) : compare(one, other)));
  }

  const head = table.createTHead(), body = table.createTBody();

  function draw() {
    const rows = chosen(), all = data.rows.length;
    head.replaceChildren(make("tr", {}, ...columns.filter((one) => !one.change).map(heading)));
    body.replaceChildren(...rows.slice(0, shown).map(line));
    count.textContent = rows.length === all ? `${all} queries` : `${rows.length} of ${all} queries`;
    more.hidden = rows.length <= shown;
    more.textContent = `Show ${Math.min(2 * PAGE, rows.length - shown)} more`;
  }

  data.slices.forEach((name, number) => slice.append(make("option", { value: String(number) }, name)));
  for (const [element, event] of [[search, "input"], [slice, "change"]]) {
    element.addEventListener(event, () => {
      shown = PAGE;
      draw();
    });
  }
  more.addEventListener("click", () => {
    const first = body.rows.length;
    shown += 2 * PAGE;
    draw();
    body.rows[first].tabIndex = -1;
    body.rows[first].focus();
  });
  draw();
})();
