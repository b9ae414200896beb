// The presenter's keyboard and clicker, on the stage. A failure is shown on the console, not to the audience.
import { listen } from "./presenter_keys.js";

listen(() => {});
