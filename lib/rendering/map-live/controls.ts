import { made, part } from './browser.js';
import { copyPaths } from './chosen.js';
import type { LiveMap } from './live-map.js';

/** Makes the page's select box, search, legend and buttons act on the map. */
export function listenToControls(map: LiveMap): void {
  const colour = part('colour');
  colour.append(
    ...map.points.fields.map(({ name }, at) => {
      const option = made('option', '', name);
      option.value = String(at);
      return option;
    }),
  );
  colour.addEventListener('change', () => {
    map.colourBy(Number(colour.value));
    listGroups(map, Number(colour.value));
  });
  listGroups(map, 0);
  for (const button of part('modes').querySelectorAll('input'))
    button.addEventListener('change', () => map.dragBy(button.value));
  let found: readonly number[] = [];
  part('search').addEventListener('input', () => {
    const words = part('search').value;
    found = map.find(words);
    part('found').textContent = words.trim() ? `${found.length.toLocaleString('en-US')} found` : '';
    part('select-found').hidden = !found.length;
  });
  part('select-found').addEventListener('click', () => map.select(found.filter(map.shown)));
  part('all').addEventListener('click', () => map.seeAll());
  part('copy').addEventListener('click', () => void copyPaths());
  part('clear').addEventListener('click', () => map.select([]));
}

/** One button a group; pressed is shown. */
function listGroups(map: LiveMap, field: number): void {
  const buttons = map.points.fields[field]!.entries.map(({ label, colour, count }, code) => {
    const button = made('button', '');
    const dot = made('b', '', '●');
    dot.style.color = colour;
    dot.setAttribute('aria-hidden', 'true');
    button.append(dot, made('bdi', '', label), made('i', '', count.toLocaleString('en-US')));
    button.setAttribute('type', 'button');
    let on = true;
    const tell = (): void => button.setAttribute('aria-pressed', String(on));
    button.addEventListener('click', () => {
      on = !on;
      tell();
      map.showGroup(code, on);
    });
    tell();
    return button;
  });
  part('groups').replaceChildren(...buttons);
}
