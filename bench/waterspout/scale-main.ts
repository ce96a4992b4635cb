/** `node scale-main.js <routes> <services>` */
import { bootstrap } from "waterspout";

await bootstrap(new URL("./scale.js", import.meta.url), { host: "127.0.0.1", port: 0 });
