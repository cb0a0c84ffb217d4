/**
 * Training and running in a browser: no server and no Node built-ins. The names are those of `tenfold`, as far as they do without files;
 * jax-js is loaded when something first runs.
 *
 * @example
 * ```ts
 * import { core, engine, pickDevice } from "tenfold/browser";
 *
 * const double = engine.compile((x: engine.Tensor) => engine.mul(x, 2), { device: await pickDevice() });
 * const { data } = await double(core.hostTensor(Float32Array.of(1, 2), [2])); // 2, 4
 * ```
 *
 * @module
 */
/** Errors, shapes, random numbers and parameter trees. */
export * as core from "../core/index.ts";
/** Datasets in memory: splits and scaling. */
export * as data from "../data/browser.ts";
/** Traced functions, compiled for WebAssembly or WebGPU and differentiated. */
export * as engine from "../engine/index.ts";
/** Least squares, eigenvalues and power laws. */
export * as linalg from "../linalg/index.ts";
/** Layers and losses. */
export * as nn from "../nn/index.ts";
/** Optimizers, schedules and orders of examples. */
export * as optim from "../optim/index.ts";
/** The room of computers made of transformer layers: a program's text compiled and run, loop by loop. */
export * as loopedTransformer from "../systems/looped-transformer/browser.ts";
/** The room of permutation-based SGD: orders on random quadratics. */
export * as permutationSgd from "../systems/permutation-sgd/browser.ts";
/** Single training steps, measuring, and what a run is told and tells. */
export * as train from "../train/browser.ts";
/** Trains a model. */
export { fit } from "./fit.ts";
/** WebGPU where it is there, else WebAssembly. */
export { pickDevice } from "./pick-device.ts";
