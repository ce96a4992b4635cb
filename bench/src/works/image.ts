import { taskPeers } from "../peers.js";
import { requestWork } from "../request-work.js";

export const image = requestWork({
  name: "image",
  title: "1 MB moved to a thread and back",
  request: { path: "/image" },
  peers: taskPeers(1),
  connections: 4,
});
