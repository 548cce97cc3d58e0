"""Every dimension and coordinate name, spelled once."""

# Who responds, and where it sits: a neuron in a brain region, or an artificial unit in a layer.
UNIT = "unit"
UNIT_B = "unit_b"
UNIT_ID = "unit_id"
AREA = "area"
COMPARTMENT = "compartment"
SUBJECT = "subject"
SESSION_ID = "session_id"

# What was shown, and how often.
STIMULUS = "stimulus"
STIMULUS_ID = "stimulus_id"
TRIAL = "trial"
TRIAL_ID = "trial_id"
BLOCK = "block"
FOLD = "fold"
TIME = "time"
TIME_B = "time_b"

# A row of a table of intervals: when, and whether it can be used.
START_TIME = "start_time"
STOP_TIME = "stop_time"
VALID = "valid"
ISSUE = "issue"
REPEATS = "repeats"

# Groups of a session.
SPIKES = "spikes"
RESPONSES = "responses"
TRIALS = "trials"
INTERVALS = "intervals"
CONTINUOUS = "continuous"
EVENTS = "events"
STIMULI = "stimuli"

# A recording's spikes, contiguous and ragged.
SPIKE = "spike"
SPIKE_TIME = "spike_time"
ROW_SIZE = "row_size"

# When each unit was observed, contiguous and ragged like the spikes: ``observations`` counts each unit's.
OBSERVATION = "observation"
OBSERVED_START = "observed_start"
OBSERVED_STOP = "observed_stop"
OBSERVATIONS = "observations"

# What else is told of each unit.
ELECTRODE_ID = "electrode_id"
WAVEFORM_MEAN = "waveform_mean"
WAVEFORM_SD = "waveform_sd"
WAVEFORM_SAMPLE = "waveform_sample"
WAVEFORM_CHANNEL = "waveform_channel"

# A continuous series: its samples, and what each holds beside single units.
DATA = "data"
SAMPLE = "sample"
CHANNEL = "channel"
CHANNEL_ID = "channel_id"
COMPONENT = "component"

# Events: moments, each with what happened.
EVENT = "event"
EVENT_ID = "event_id"

# Images that were shown.
IMAGE = "image"
Y = "y"
X = "x"

# Comparisons.
PAIR = "pair"
STIMULUS_A = "stimulus_a"
STIMULUS_B = "stimulus_b"
STIMULUS_ID_B = "stimulus_id_b"
MODEL = "model"
MODEL_B = "model_b"
LAYER = "layer"

# Learning.
STEP = "step"
NETWORK = "network"
RULE = "rule"
SYNAPSE = "synapse"
SYNAPSE_B = "synapse_b"
MODE = "mode"
SESSION_INDEX = "session_index"
FIRST_SESSION = "first_session"
LAST_SESSION = "last_session"
PRE = "pre"
POST = "post"
FEATURE = "feature"

# Learning inferred from recordings.
FAMILIAR = "familiar"
INPUT = "input"
WINDOW = "window"
TERM = "term"
REGRESSOR = "regressor"
CHOICE = "choice"
REWARD = "reward"
CONTRAST = "contrast"
WEIGHT = "weight"
ALTERNATIVE = "alternative"

# Learning rules told apart: what was measured of a network, and which kind of network it was.
KIND = "kind"
STATISTIC = "statistic"
POINT = "point"
DEPTH = "depth"
GROUP = "group"
ARCHITECTURE = "architecture"
TASK = "task"

# Resampling.
DRAW = "draw"
BOUND = "bound"
BOUNDS = ("lower", "upper")
CORRECTION = "correction"

# Tuning.
ORIENTATION = "orientation"
VALUE = "value"

# Behaviour: decisions in a world of states, whose components of reward are goals.
STATE = "state"
ACTION = "action"
NEXT_STATE = "next_state"
TRAJECTORY = "trajectory"
DECISION = "decision"
LENGTH = "length"
GOAL = "goal"
