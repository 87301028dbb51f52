// Tables that sort by a click on a heading and show the rows that hold a text.

const sortKey = (cell) => (cell.dataset.sort === undefined ? null : Number(cell.dataset.sort));

function number(text) {
  const found = /^[\d,.]+/.exec(text);
  return found ? Number(found[0].replaceAll(",", "")) : null;
}

function compare(a, b, numeric) {
  if (!numeric) return a.textContent.localeCompare(b.textContent, "en", { numeric: true });
  const [left, right] = [a, b].map((each) => sortKey(each) ?? number(each.textContent.trim()));
  return left === right ? 0 : left === null ? 1 : right === null ? -1 : left - right;
}

function sortable(table) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    if (heading.classList.contains("plain")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const falls = heading.ariaSort === "descending" || (heading.ariaSort === null && !heading.classList.contains("number"));
      for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
      heading.ariaSort = falls ? "ascending" : "descending";
      const sign = falls ? 1 : -1;
      const numeric = heading.classList.contains("number");
      const rows = [...body.rows].sort((a, b) => sign * compare(a.cells[column], b.cells[column], numeric));
      rows.sort((a, b) => b.classList.contains("total") - a.classList.contains("total"));
      body.append(...rows);
    });
  });
}

function filterable(input) {
  const table = input.parentElement.nextElementSibling.querySelector("table");
  input.hidden = table.tBodies[0].rows.length < 4;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}
