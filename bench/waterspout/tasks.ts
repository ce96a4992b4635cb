import { pbkdf2Sync } from "node:crypto";
import { RequestHandler, Route, RunOnExecutor, defineApplication, move } from "waterspout";

@Route("/nothing")
class NothingHandler extends RequestHandler {
  async get(): Promise<object> {
    return { value: await this.nothing(1) };
  }

  @RunOnExecutor()
  async nothing(value: number): Promise<number> {
    return value;
  }
}

@Route("/image")
class ImageHandler extends RequestHandler {
  async get(): Promise<object> {
    const image = await this.inverted(move(new Uint8Array(1_000_000)));
    return { bytes: image.byteLength, first: image[0] };
  }

  @RunOnExecutor()
  async inverted(image: Uint8Array): Promise<Uint8Array> {
    image[0] = 255 - (image[0] ?? 0);
    return move(image);
  }
}

@Route("/hash")
class HashHandler extends RequestHandler {
  async get(): Promise<object> {
    return { hash: await this.hash(Number(this.getQueryArgument("rounds"))) };
  }

  @RunOnExecutor()
  async hash(rounds: number): Promise<string> {
    return pbkdf2Sync("password", "salt", rounds, 32, "sha256").toString("hex");
  }
}

@Route("/light")
class LightHandler extends RequestHandler {
  get(): object {
    return { value: 1 };
  }
}

/** What moves to threads. */
export default defineApplication({
  handlers: [NothingHandler, ImageHandler, HashHandler, LightHandler],
  accessLog: false,
});
