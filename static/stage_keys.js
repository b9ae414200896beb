// On the stage of a presenter: keys and clicker. A failure is shown on the console, not to the audience.
import { listen } from "./presenter_keys.js";

listen(() => {});
