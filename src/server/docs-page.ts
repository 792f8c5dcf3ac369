/** A page that shows the description of the API. It loads nothing but that description, from the server itself. */
export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>flowgit API</title>
<style>
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { margin-bottom: 0 } h2 { margin: 2rem 0 .5rem; text-transform: capitalize }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; padding: .4rem .8rem }
summary { cursor: pointer; overflow-wrap: anywhere }
code, pre { font: 13px/1.45 ui-monospace, monospace }
pre { overflow: auto; max-height: 24rem; padding: .6rem; border: 1px solid var(--line); border-radius: 4px }
.method { display: inline-block; min-width: 4.2rem; font-weight: 700; text-transform: uppercase }
.scope { float: right; opacity: .7 } .about { opacity: .8; margin-left: 4.2rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .2rem .6rem; border-top: 1px solid var(--line) }
</style>
</head>
<body>
<h1>flowgit API</h1>
<p id="about">Loading <a href="openapi.json">openapi.json</a> …</p>
<main id="operations"></main>
<script src="docs.js"></script>
</body>
</html>
`;

/** Builds the page with text nodes alone, so that nothing in a description is taken for markup. */
export const docsScript = `'use strict';
const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const schemaOf = (content) => Object.entries(content ?? {}).map(([type, { schema }]) => [type, schema])[0];
const block = (title, content) => {
  const found = schemaOf(content);
  if (!found) return [];
  return [element('h4', title + ' (' + found[0] + ')'), element('pre', JSON.stringify(found[1], null, 2))];
};
const parameters = (list) => {
  if (!list || list.length === 0) return [];
  const table = element('table');
  for (const { name, in: where, required, schema } of list) {
    const row = element('tr');
    const cells = [name, where, required ? 'required' : '', schema?.description ?? schema?.type ?? ''];
    for (const text of cells) row.append(element('td', text));
    table.append(row);
  }
  return [element('h4', 'Parameters'), table];
};
const operation = (path, method, described) => {
  const details = element('details');
  const summary = element('summary');
  summary.append(element('span', method, 'method'), element('code', path));
  if (described['x-scope']) summary.append(element('span', described['x-scope'], 'scope'));
  summary.append(element('div', described.summary, 'about'));
  details.append(summary);
  if (described.description) details.append(element('p', described.description));
  details.append(...parameters(described.parameters), ...block('Body', described.requestBody?.content));
  for (const [status, { description, content }] of Object.entries(described.responses ?? {})) {
    details.append(element('h4', status + ': ' + description), ...block('Answer', content).slice(1));
  }
  return details;
};
const show = ({ info, paths }) => {
  document.getElementById('about').textContent = info.description + ' Version ' + info.version + '.';
  const groups = new Map();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, described] of Object.entries(operations)) {
      const tag = described.tags?.[0] ?? 'other';
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(path, method, described));
    }
  }
  const main = document.getElementById('operations');
  for (const [tag, list] of groups) main.append(element('h2', tag), ...list);
};
fetch('openapi.json').then((answer) => answer.json()).then(show, (error) => {
  document.getElementById('about').textContent = 'The description could not be loaded: ' + error.message;
});
`;
