/** What another library is asked when its speed is compared: to encode the pictures of a folder, in its own process. */

export interface PeerTask {
  /** Pictures of one run of its model. */
  batch: number;
  /** One of its ways. */
  way: string;
  /** The first so many; default all. */
  pictures?: number;
}

export type PeerAnswer = { ready: true; version: string } | { seconds: number } | { error: string };

export interface Peer {
  /** Ways of going about it that are tried. */
  ways: readonly string[];
  /** Seconds from the files to the vectors. */
  encode(task: PeerTask): Promise<number>;
  close(): void;
}
