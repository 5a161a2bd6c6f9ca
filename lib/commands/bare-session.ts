/** onnxruntime-node with nothing around it and its own defaults: what the figures of speed are measured against. */
import { InferenceSession, Tensor } from 'onnxruntime-node';

export interface BareSession {
  /** Runs the graph once on a tensor that was made before. */
  run(feeds: Record<string, Tensor>): Promise<void>;
  close(): Promise<void>;
}

export async function openBareSession(path: string): Promise<BareSession> {
  const session = await InferenceSession.create(path);
  return {
    async run(feeds) {
      await session.run(feeds);
    },
    close: () => session.release(),
  };
}

/** Pixel values of noise, float32[batch, 3, size, size]. */
export function pixelTensor(batch: number, size: number): Tensor {
  const data = Float32Array.from({ length: batch * 3 * size * size }, () => 4 * Math.random() - 2);
  return new Tensor('float32', data, [batch, 3, size, size]);
}

/** Token ids of one text, int64[1, length]. */
export function idTensor(ids: readonly number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]);
}
