import type { Settings } from '../config.js';
import { derivedPath } from '../paths.js';
import { segmentsDone } from '../rows.js';
import { backgroundPictures, backgroundTexts, knownTexts, nameOf } from '../searching/background.js';
import type { Library } from '../searching/library.js';
import { type Background, backgroundOf, type Kind, standing } from '../searching/relevance.js';
import type { Encoder, Place, VectorCollection } from '../types.js';
import type { OpenWorkshop } from '../workshop.js';
import { locate } from './own-places.js';

const ENOUGH_BACKGROUND = 100;

/** What one lookbook asks with: its collections, and what scores are compared with, loaded when it is first needed. */
export class OwnLibrary implements Library {
  readonly encoder: Encoder;
  readonly pictures: VectorCollection;
  readonly segments: VectorCollection | null;
  readonly segmentsMarker: string | null;
  readonly labels: readonly string[];
  readonly minSegmentArea: number;
  readonly allowPrivateUrls: boolean;
  readonly #backgrounds = new Map<Kind, Promise<Background>>();
  #labelVectors: Promise<Float32Array[]> | undefined;

  constructor(
    { minSegmentArea, allowPrivateUrls }: Settings,
    { encoder, pictures, segments, segmenter, segmentsFingerprint }: OpenWorkshop,
  ) {
    this.encoder = encoder;
    this.pictures = pictures;
    this.segments = segments;
    this.segmentsMarker = segmentsFingerprint === null ? null : segmentsDone(segmentsFingerprint);
    this.labels = segmenter?.labels ?? [];
    this.minSegmentArea = minSegmentArea;
    this.allowPrivateUrls = allowPrivateUrls;
  }

  locate(place: Place): string {
    return locate(place);
  }

  /** Neither a failure nor a collection that is still filling is remembered. */
  background(kind: Kind): Promise<Background> {
    const { encoder, pictures } = this;
    const load = (): Promise<Float32Array[]> =>
      kind === 'words' ? backgroundTexts(encoder, derivedPath('calibration')) : backgroundPictures(pictures);
    const found =
      this.#backgrounds.get(kind) ?? load().then((vectors) => backgroundOf(vectors, encoder.dimension));
    this.#backgrounds.set(kind, found);
    const forget = (): unknown => this.#backgrounds.delete(kind);
    found.then(({ count }) => kind === 'pictures' && count < ENOUGH_BACKGROUND && forget(), forget);
    return found;
  }

  /** To be called when pictures have come or gone. */
  forgetPictures(): void {
    this.#backgrounds.delete('pictures');
  }

  labelVectors(): Promise<Float32Array[]> {
    const known = this.#labelVectors ?? knownTexts(this.encoder, this.labels, derivedPath('calibration'));
    this.#labelVectors = known;
    known.catch(() => {
      this.#labelVectors = undefined;
    });
    return known;
  }

  /** Says in a word what a vector shows; knows nothing where the encoder has no words. */
  async namer(): Promise<(vector: Float32Array) => string | undefined> {
    const words = await this.background('words');
    return (vector) => (words.count ? nameOf(standing(vector, words).best) : undefined);
  }
}
