// The grounds of the demo pictures: SVG landscapes and patterns, and where things may stand, fly, swim or sail.
// Each is (random, aspect) → {svg, areas}, drawn on a page of width 100 and height 100 * aspect; an area is
// [top, bottom] as shares of the height.

const pick = (random, list) => list[Math.floor(random() * list.length)];
const between = (random, low, high) => low + (high - low) * random();
const times = (count, make) => Array.from({ length: count }, (_, i) => make(i)).join('');
const short = number => Number(number.toFixed(2));

/** Shapes on a page; y and heights are shares of its height, everything else is in hundredths of its width. */
class Page {
  constructor(random, aspect) {
    this.random = random;
    this.height = 100 * aspect;
    this.shapes = [];
  }

  add(shape) {
    this.shapes.push(shape);
    return this;
  }

  /** A bar across the page, of one colour. */
  bar(fill, top = 0, height = 1 - top) {
    const [y, high] = [short(top * this.height), short(height * this.height)];
    return this.add(`<rect y="${y}" width="100" height="${high}" fill="${fill}"/>`);
  }

  /** A bar whose colour changes from top to bottom. */
  fade([first, last], top = 0, height = 1 - top) {
    const id = `fade${this.shapes.length}`;
    const stops = `<stop stop-color="${first}"/><stop offset="1" stop-color="${last}"/>`;
    this.add(`<linearGradient id="${id}" x2="0" y2="1">${stops}</linearGradient>`);
    return this.bar(`url(#${id})`, top, height);
  }

  /** Land whose upper border waves around the share `level`. */
  hills(fill, level, swing) {
    const [phase, waves] = [between(this.random, 0, 6), between(this.random, .8, 1.7)];
    const top = i => (level + swing * Math.sin(phase + (i / 40) * waves * 2 * Math.PI)) * this.height;
    const border = times(41, i => `${2.5 * i},${short(top(i))} `);
    return this.add(`<polygon points="0,${this.height} ${border}100,${this.height}" fill="${fill}"/>`);
  }

  /** Small round spots above the share `bottom`. */
  specks(count, [smallest, largest], { bottom = 1, opacity = .8 } = {}) {
    const spot = () => {
      const [x, y] = [between(this.random, 0, 100), between(this.random, 0, bottom * this.height)];
      return `<circle cx="${short(x)}" cy="${short(y)}" r="${short(between(this.random, smallest, largest))}"/>`;
    };
    return this.add(`<g fill="#fff" opacity="${opacity}">${times(count, spot)}</g>`);
  }

  /** Dots in shifted rows. */
  dots(fill, step, opacity = 1) {
    const r = short(step / 6.5);
    const dot = (i, j) => `<circle cx="${short((i + (j % 2) / 2) * step)}" cy="${short(j * step)}" r="${r}"/>`;
    return this.add(`<g fill="${fill}" opacity="${opacity}">${times(20, i => times(24, j => dot(i, j)))}</g>`);
  }

  /** Upright stripes `step` apart and half as wide. */
  stripes(fill, step) {
    const stripe = i => `<rect x="${short(i * step)}" width="${short(step / 2)}" height="${this.height}"/>`;
    return this.add(`<g fill="${fill}">${times(20, stripe)}</g>`);
  }

  lines(path, stroke, width, more = '') {
    return this.add(`<path d="${path}" stroke="${stroke}" stroke-width="${width}" fill="none" ${more}/>`);
  }

  ellipse(fill, [x, y], [rx, ry], opacity) {
    const [cy, high] = [short(y * this.height), short(ry * this.height)];
    return this.add(`<ellipse cx="${x}" cy="${cy}" rx="${rx}" ry="${high}" fill="${fill}" opacity="${opacity}"/>`);
  }

  with(areas) {
    const box = `viewBox="0 0 100 ${this.height}"`;
    return { svg: `<svg xmlns="http://www.w3.org/2000/svg" ${box}>${this.shapes.join('')}</svg>`, areas };
  }
}

const OPEN_AIR = { stand: [.77, .95], fly: [.08, .46] };
const INDOORS = { stand: [.76, .94], fly: [.08, .45] };

/** Sky, a far range of hills and a near one. */
function landscape(sky, far, near) {
  return (random, aspect) => {
    const page = new Page(random, aspect).fade(sky);
    return page.hills(far, .52, .06).hills(near, .66, .045).with(OPEN_AIR);
  };
}

function night(random, aspect) {
  const page = new Page(random, aspect).fade(['#1b2352', '#5a5a9c']).specks(60, [.1, .3], { bottom: .55 });
  return page.hills('#2b3a63', .56, .05).hills('#22304f', .68, .04).with(OPEN_AIR);
}

function snow(random, aspect) {
  const page = new Page(random, aspect).fade(['#b9d7ee', '#e9f3fa']);
  page.hills('#d3e3f0', .55, .07).hills('#f7fbff', .68, .04);
  return page.specks(70, [.15, .5], { opacity: .9 }).with(OPEN_AIR);
}

function mountains(random, aspect) {
  const page = new Page(random, aspect).fade(['#8ec9ee', '#eaf6fc']);
  for (let i = 0; i < 4; i++) {
    const [x, half] = [between(random, 5, 30) + 24 * i, between(random, 20, 28)];
    const [top, foot] = [between(random, .18, .34), .68].map(share => short(share * page.height));
    const fill = pick(random, ['#7d8fb3', '#8fa1c4', '#6c7fa6']);
    page.add(`<polygon points="${x - half},${foot} ${x},${top} ${x + half},${foot}" fill="${fill}"/>`);
  }
  return page.hills('#8dbb78', .62, .03).hills('#74a863', .74, .02).with({ stand: [.8, .95], fly: [.06, .3] });
}

function road(random, aspect) {
  const skies = [['#9fd3f2', '#e4f4fb'], ['#f8b88b', '#fdeac9'], ['#b7b5e4', '#f4dcec']];
  const page = new Page(random, aspect).fade(pick(random, skies));
  const roof = () => short(between(random, .3, .5) * page.height);
  const houses = times(9, i => `<rect x="${short(11.1 * i)}" y="${roof()}" width="10.5" height="100"/>`);
  page.add(`<g fill="#6d7fa3" opacity=".35">${houses}</g>`).bar('#8cc084', .62, .09).bar('#5d6470', .7);
  page.lines(`M0 ${short(.86 * page.height)}H100`, '#f4f1e4', 1.2, 'stroke-dasharray="7 5"');
  return page.with({ stand: [.76, .94], fly: [.07, .35] });
}

function space(random, aspect) {
  const page = new Page(random, aspect).fade(['#141433', '#3b2a66']).specks(120, [.08, .32], { opacity: .85 });
  return page.ellipse('#7a4fb0', [70, .3], [50, .22], .22).with({ swim: [.05, .95] });
}

function underwater(random, aspect) {
  const page = new Page(random, aspect).fade(['#63c7e6', '#155f95']);
  const ray = i => `M${10 + 25 * i} 0H${20 + 25 * i}L${5 + 30 * i} ${page.height}H${30 * i - 12}Z`;
  page.add(`<path d="${times(4, ray)}" fill="#fff" opacity=".07"/>`).hills('#e2cd97', .87, .025);
  return page.specks(26, [.3, 1.3], { bottom: .8, opacity: .25 }).with({ swim: [.08, .82], stand: [.9, .97] });
}

function beach(random, aspect) {
  const page = new Page(random, aspect).fade(['#8fd2f3', '#e6f6fc'], 0, .45).fade(['#2f9bc4', '#7fd3dc'], .4, .3);
  page.hills('#fff7e0', .6, .02).hills('#f0d9a0', .63, .02);
  return page.with({ stand: [.74, .95], fly: [.06, .34], sail: [.46, .5] });
}

function waves(random, aspect) {
  const page = new Page(random, aspect).fade(pick(random, [['#a9dcf5', '#eef9fd'], ['#ffbf8f', '#ffe9cf']]));
  page.hills('#4fb0d8', .55, .02).hills('#3a97c6', .67, .02).hills('#2b7fb2', .79, .02).hills('#1f6a9d', .91, .02);
  return page.with({ sail: [.66, .82], swim: [.55, .92], fly: [.06, .4] });
}

const TILES = [['#dcecea', '#c9dfdc'], ['#fbe8d2', '#f5dabb'], ['#e3e6f4', '#d2d7ec'], ['#f9dfe0', '#f2cdcf']];

/** A tiled wall and a wooden table. */
function table(random, aspect) {
  const [wall, gap] = pick(random, TILES);
  const [page, side] = [new Page(random, aspect).bar(wall), 100 / pick(random, [7, 9])];
  const gaps = times(16, i => `M0 ${short(i * side)}H100M${short(i * side)} 0V${page.height}`);
  page.lines(gaps, gap, .5).fade(['#d39a63', '#b97a45'], .62);
  const planks = times(3, i => `M0 ${short((.72 + .1 * i) * page.height)}H100`);
  return page.lines(planks, '#a9713f', .3, 'opacity=".5"').with({ stand: [.72, .93], fly: [.1, .45] });
}

const COUNTERS = [['#fdf3dc', '#f7e5bd', '#7fb5a8'], ['#e8f4fb', '#d4e9f5', '#e9a06b'],
  ['#f3e9fa', '#e6d5f2', '#8d7bc0']];

/** A striped wall and a worktop. */
function counter(random, aspect) {
  const [wall, stripe, top] = pick(random, COUNTERS);
  return new Page(random, aspect).bar(wall).stripes(stripe, 8.4).bar(top, .66).bar('#fff', .66, .025).with(INDOORS);
}

/** A chequered cloth, seen from above. */
function gingham(random, aspect) {
  const colour = pick(random, ['#d9534f', '#4f8fc9', '#5aa469', '#e0a030']);
  const page = new Page(random, aspect).bar('#fffdf8');
  for (const line of [i => `M${(2 * i + .5) * 8.4} 0V${page.height}`, i => `M0 ${(2 * i + .5) * 8.4}H100`]) {
    page.lines(times(10, line), colour, 8.4, 'opacity=".35"');
  }
  return page.with({});
}

const ROOMS = [['#f6e7d8', '#eed5bb', '#b98d63'], ['#dfeee3', '#c8dfce', '#a97f5a'], ['#e4e3f3', '#d0cfe8', '#8e7a94'],
  ['#fbe3e3', '#f4cdcd', '#b5876d']];

/** A dotted wall, a floor and a rug. */
function room(random, aspect) {
  const [wall, dot, floor] = pick(random, ROOMS);
  const page = new Page(random, aspect).bar(wall).dots(dot, 9).bar(floor, .68).bar('#fff', .665, .025);
  return page.ellipse('#fff', [50, .87], [42, .09], .28).with({ stand: [.8, .95], fly: [.08, .45] });
}

function shelf(random, aspect) {
  const [wall, board] = pick(random, [['#cfe3ea', '#8a6a4c'], ['#f3dfc1', '#7b5b43'], ['#d9d3ea', '#6a5876']]);
  const page = new Page(random, aspect).fade([wall, '#fdfaf5']).bar(board, .82, .06).bar('#00000033', .88, .012);
  return page.with({ stand: [.825, .835], fly: [.1, .4] });
}

function desk(random, aspect) {
  const [wall, top] = pick(random, [['#e8edf2', '#c99c6e'], ['#dbe9dd', '#b58a5f'], ['#f0e6ef', '#9f8aa8']]);
  return new Page(random, aspect).fade([wall, '#ffffff'], 0, .64).fade([top, '#8e6a4a'], .64).with(INDOORS);
}

const PASTELS = ['#fbd5c8', '#fbe7b2', '#d5ecc8', '#c5e4f3', '#d9d2f0', '#f7cfe0', '#cdebe3', '#f3efe4', '#ffc9b5',
  '#a9d8ee', '#b9dfa3', '#fbd98a'];

/** Patterns without any depth: one colour, a gradient, dots, slanting stripes. */
function flat(random, aspect) {
  const [page, step] = [new Page(random, aspect), 100 / pick(random, [8, 12])];
  const foot = i => short((i - 12) * 2 * step);
  const slanting = times(30, i => `M${foot(i)} ${page.height}L${short(foot(i) + page.height)} 0`);
  page.bar(pick(random, PASTELS));
  const patterns = [
    () => page,
    () => page.fade([pick(random, PASTELS), pick(random, PASTELS)]),
    () => page.dots('#fff', step, .5),
    () => page.lines(slanting, '#fff', step * .7, 'opacity=".4"'),
  ];
  return pick(random, patterns)().with({});
}

export const GROUNDS = {
  meadow: landscape(['#8fd0f5', '#eaf7fd'], '#9ccf7f', '#79b75f'),
  autumn: landscape(['#f7cf9a', '#fdf0d9'], '#d9944f', '#b8763a'),
  desert: landscape(['#7cc4ea', '#fbe9c8'], '#e8bd7a', '#dba65c'),
  night, snow, mountains, road, space, underwater, beach, waves, table, counter, gingham, room, shelf, desk, flat,
};
