/** `waterspout/testing`: what specs of applications and of executors use. */
export { type ContractCase, type ContractOptions, executorContract } from "./executor-contract.js";
export { type RunningApplication, type StartOptions, startApplication } from "./start-application.js";
