/** What an examination of this machine says, and what a rebuilt store is made of. Plain data, no behaviour. */

/** One thing that was looked at. */
export interface Finding {
  /** A word or two: "Disk", "Store". */
  name: string;
  /** 'wrong' keeps a lookbook from working; 'lacking' is something that it does without. */
  state: 'well' | 'lacking' | 'wrong';
  /** What was found, or what is wrong and how to mend it; one line each. */
  says: string[];
}

/** What was saved of a damaged store. */
export interface Rebuilt {
  /** The folder where the damaged files lie now; none of them was changed. */
  aside: string;
  collections: {
    name: string;
    /** "pictures" or "segments". */
    of: string;
    /** Rows that could be told, and those of them that were read whole and stand in the new store. */
    told: number;
    read: number;
  }[];
  /** Stored pictures that the next run encodes anew, with their segments, and those of which only segments are missing. */
  lost: number;
  unfinished: number;
  /** Why no row could be read at all: then every picture is encoded anew. */
  unreadable?: string;
}
