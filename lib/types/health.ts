/** What an examination of this machine says. Plain data, no behaviour. */

/** One thing that was looked at. */
export interface Finding {
  /** A word or two: "Disk", "Store". */
  name: string;
  /** 'wrong' keeps a lookbook from working; 'lacking' is something that it does without. */
  state: 'well' | 'lacking' | 'wrong';
  /** What was found, or what is wrong and how to mend it; one line each. */
  says: string[];
}
