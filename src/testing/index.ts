/** `waterspout/testing`: what specs of applications use. */
export { startApplication, type RunningApplication, type StartOptions } from "./start-application.js";
