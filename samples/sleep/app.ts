import { singleton } from "tsyringe";
import { RequestHandler, Route, RunOnExecutor } from "waterspout";
import { sleepSync } from "./sleep-sync.js"; // stands for any blocking call

@singleton()
export class Clock {
  now(): string {
    return new Date().toISOString();
  }
}

@Route("/sleep")
export class SleepHandler extends RequestHandler {
  constructor(private readonly clock: Clock) {
    super();
  }

  async get(): Promise<void> {
    const started = this.clock.now();
    console.log(`in get before blockTask ${started}`);
    const result = await this.blockTask(started); // the loop is free meanwhile
    console.log("in get after blockTask");
    this.write(result);
  }

  @RunOnExecutor()
  async blockTask(started: string): Promise<string> {
    // this body runs on a worker thread
    for (let step = 1; step <= 15; step++) {
      sleepSync(1000); // really blocks its thread
      console.log(`step ${step} : ${started}`);
    }
    return `Finish ${started}`;
  }
}
