/** Something that holds memory, a session or a connection. */
export interface Closable {
  close(): Promise<void>;
}

/** Remembers what was opened, so that a later failure closes it. */
export type Keep = <Opened extends Closable>(opened: Promise<Opened>) => Promise<Opened>;

/**
 * Opens several things that belong together: either all are open in the end, or none.
 * @param open calls `keep` for each thing that it opens.
 */
export async function openTogether<Whole>(open: (keep: Keep) => Promise<Whole>): Promise<Whole> {
  const opened: Closable[] = [];
  try {
    return await open(keeperOf(opened));
  } catch (error) {
    // The first error is the one to tell; closing what is left must not hide it.
    await Promise.allSettled(opened.map((thing) => thing.close()));
    throw error;
  }
}

/** Opens several things for some work, and closes them however that ends. */
export async function openBriefly<Result>(work: (keep: Keep) => Promise<Result>): Promise<Result> {
  const opened: Closable[] = [];
  try {
    return await work(keeperOf(opened));
  } finally {
    await Promise.all(opened.map((thing) => thing.close()));
  }
}

function keeperOf(opened: Closable[]): Keep {
  return async (opening) => {
    const thing = await opening;
    opened.push(thing);
    return thing;
  };
}
