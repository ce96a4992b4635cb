/** `waterspout/testing`: what specs of applications and of executors use. */
// First, for the modules behind it that import tsyringe, which refuses to load without reflect-metadata.
import "../metadata.js";
export { type ContractCase, type ContractOptions, executorContract } from "./executor-contract.js";
export { type RunningApplication, type StartOptions, startApplication } from "./start-application.js";
