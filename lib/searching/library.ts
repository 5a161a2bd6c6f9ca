/** What a search works with. */
import type { Encoder, Place, VectorCollection } from '../types.js';
import type { Background, Kind } from './relevance.js';

export interface Library {
  encoder: Encoder;
  pictures: VectorCollection;
  segments: VectorCollection | null;
  /** The field of a picture's row that holds its number of segments; null without segments. */
  segmentsMarker: string | null;
  /** What the segmenter can call a segment; none where it gives no labels. */
  labels: readonly string[];
  minSegmentArea: number;
  allowPrivateUrls: boolean;
  /** What a query of this kind is compared with. */
  background(kind: Kind): Promise<Background>;
  /** The labels' vectors, in their order; none where the encoder has no words. */
  labelVectors(): Promise<Float32Array[]>;
  /** A place as a person can open it. */
  locate(place: Place): string;
}
