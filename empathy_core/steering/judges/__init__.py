"""Who says which style a generated reply has: a grammar, a language model or people, behind one interface."""

from empathy_core.steering.judges.choice import NO_JUDGE as NO_JUDGE
from empathy_core.steering.judges.choice import judge_for as judge_for
from empathy_core.steering.judges.grammar import grammar_judge as grammar_judge
from empathy_core.steering.judges.interface import Exchange as Exchange
from empathy_core.steering.judges.interface import Judge as Judge
from empathy_core.steering.judges.interface import Judgement as Judgement
from empathy_core.steering.judges.interface import judge_replies as judge_replies
