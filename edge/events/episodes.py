"""Episodes: a face showing one emotion from its first observation to its last."""

from dataclasses import dataclass, replace
from typing import Self

from edge.events.rows import Observation

GAP_SECONDS = 5.0  # a face away for longer shows something new when it is back, though its track be the same


@dataclass(frozen=True, slots=True)
class Episode:
    """One row of the table `episodes`, with sums in the place of averages, so that it can grow."""

    id: int
    track: int
    emotion: str
    start_utc: str
    end_utc: str
    start_s: float
    end_s: float
    observations: int
    score_sum: float
    peak_score: float
    certain: int
    """observations that are"""
    first_observation: int
    last_observation: int

    def in_time(self, observation: Observation, gap_seconds: float) -> bool:
        return 0 <= observation.time_s - self.end_s <= gap_seconds

    def goes_on_with(self, observation: Observation, gap_seconds: float) -> bool:
        return self.in_time(observation, gap_seconds) and observation.emotion == self.emotion


def begin(id: int, observation: Observation, observation_id: int) -> Episode:
    return Episode(
        id,
        observation.track,
        observation.emotion,
        start_utc=observation.utc,
        end_utc=observation.utc,
        start_s=observation.time_s,
        end_s=observation.time_s,
        observations=1,
        score_sum=observation.score,
        peak_score=observation.score,
        certain=int(observation.certain),
        first_observation=observation_id,
        last_observation=observation_id,
    )


def grow(episode: Episode, observation: Observation, observation_id: int) -> Episode:
    return replace(
        episode,
        end_utc=observation.utc,
        end_s=observation.time_s,
        observations=episode.observations + 1,
        score_sum=episode.score_sum + observation.score,
        peak_score=max(episode.peak_score, observation.score),
        certain=episode.certain + observation.certain,
        last_observation=observation_id,
    )


class Episodes:
    """The episodes that may still grow, one a face; `copy` it to try what a transaction would make of it."""

    def __init__(self, gap_seconds: float, growing: dict[int, Episode] | None = None) -> None:
        self._gap_seconds = gap_seconds
        self._growing = growing or {}

    def copy(self) -> Self:
        return type(self)(self._gap_seconds, dict(self._growing))

    def add(self, observation: Observation, observation_id: int, next_id: int) -> Episode:
        """Return the episode that `observation` belongs to, as it is now; a new one gets `next_id`."""
        episode = self._growing.get(observation.track)
        if episode and episode.goes_on_with(observation, self._gap_seconds):
            episode = grow(episode, observation, observation_id)
        else:
            episode = begin(next_id, observation, observation_id)
        self._growing[observation.track] = episode
        return episode

    def is_new(self, observation: Observation) -> bool:
        """Whether `observation`, not added yet, begins a visit: its face was not there a moment ago."""
        episode = self._growing.get(observation.track)
        return not (episode and episode.in_time(observation, self._gap_seconds))

    def drop(self, gone: set[int]) -> None:
        """Episodes with these ids are no longer in the file: what comes next begins new ones."""
        self._growing = {track: episode for track, episode in self._growing.items() if episode.id not in gone}

    def growing(self) -> list[Episode]:
        return list(self._growing.values())

    def forget_finished(self, time_s: float) -> None:
        """Drop what cannot grow any more; `time_s` is the newest observation's."""
        self._growing = {
            track: episode
            for track, episode in self._growing.items()
            if 0 <= time_s - episode.end_s <= self._gap_seconds
        }
