/** The door to graphs of either runtime: what a file is says which one runs it. */
import { type OnnxModel, type OpenGraphOptions, openOnnxModel } from './onnx.js';
import { type GraphNames, readGraphNames } from './onnx-names.js';
import { openTensorflowModel } from './tensorflow.js';
import { isTensorflow, tensorflowNames } from './tensorflow-folder.js';

/**
 * Opens an ONNX graph, or the model.json of TensorFlow.js, which is then seen as an ONNX graph is: channels first.
 * @throws LookbookError as openOnnxModel and openTensorflowModel do.
 */
export function openGraph(path: string, options: OpenGraphOptions = {}): Promise<OnnxModel> {
  return isTensorflow(path) ? openTensorflowModel(path, options) : openOnnxModel(path, options);
}

/** The names of a graph's outputs and of all that it computes. @throws LookbookError when the file is no graph. */
export function readNames(path: string): Promise<GraphNames> {
  return isTensorflow(path) ? tensorflowNames(path) : readGraphNames(path);
}
