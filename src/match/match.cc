#include "match/match.h"

#include <string_view>
#include <unordered_map>

#include "match/problem.h"
#include "match/solve.h"

namespace ckptdiff {

std::string_view ToString(How how) {
  switch (how) {
    case How::kExact: return "exact";
    case How::kCanonical: return "canonical";
    case How::kRenamed: return "renamed";
    case How::kFused: return "fused";
    case How::kSplit: return "split";
  }
  return "";
}

namespace {

bool HasOwner(const Variable& v) { return v.slot && v.slot->owner; }

void MatchRole(const Layout& actual, const Layout& expected, Role role,
               Pairing* pairing) {
  std::vector<uint32_t> a, e;
  for (uint32_t i = 0; i < actual.variables.size(); ++i) {
    if (actual.variables[i].role == role && !HasOwner(actual.variables[i]))
      a.push_back(i);
  }
  for (uint32_t i = 0; i < expected.variables.size(); ++i) {
    if (expected.variables[i].role == role && !HasOwner(expected.variables[i]))
      e.push_back(i);
  }
  if (a.empty() || e.empty()) return;
  WordTable words;
  Problem problem;
  problem.words = &words;
  problem.actual = MakeSide(actual, std::move(a), &words);
  problem.expected = MakeSide(expected, std::move(e), &words);
  FindCandidates(&problem);
  Solution solution = Solve(&problem);
  for (const Decision& d : solution.pairs) {
    const Candidate& c = problem.candidates[d.candidate];
    const size_t x = problem.actual.variables[c.actual],
                 y = problem.expected.variables[c.expected];
    const Variable &va = actual.variables[x], &ve = expected.variables[y];
    pairing->pairs.push_back(
        {.actual = x,
         .expected = y,
         .how = va.name == ve.name ? How::kExact : How::kRenamed,
         .confidence = d.confidence,
         .evidence = {"same-shape"},
         .transform = TransformOf(va.shape, ve.shape, false)});
  }
}

void FollowOwners(const Layout& actual, const Layout& expected,
                  Pairing* pairing) {
  std::unordered_map<std::string, std::string> owner;
  for (const Pair& p : pairing->pairs)
    owner[expected.variables[p.expected].name] =
        actual.variables[p.actual].name;
  std::unordered_map<std::string, size_t> slots;
  for (size_t i = 0; i < actual.variables.size(); ++i) {
    const Variable& v = actual.variables[i];
    if (HasOwner(v))
      slots.emplace(*v.slot->owner + "\n" + v.slot->slot + "\n" +
                        std::string(ToString(v.role)),
                    i);
  }
  for (size_t i = 0; i < expected.variables.size(); ++i) {
    const Variable& v = expected.variables[i];
    if (!HasOwner(v)) continue;
    auto o = owner.find(*v.slot->owner);
    if (o == owner.end()) continue;
    auto f = slots.find(o->second + "\n" + v.slot->slot + "\n" +
                        std::string(ToString(v.role)));
    if (f == slots.end()) continue;
    pairing->pairs.push_back({.actual = f->second,
                              .expected = i,
                              .how = actual.variables[f->second].name == v.name
                                         ? How::kExact
                                         : How::kRenamed,
                              .confidence = 0.95,
                              .evidence = {"same-owner"}});
    slots.erase(f);
  }
}

}  // namespace

Pairing MatchLayouts(const Layout& actual, const Layout& expected) {
  Pairing pairing;
  for (Role role : {Role::kWeight, Role::kSlot, Role::kOptimizer, Role::kStep,
                    Role::kAverage, Role::kBookkeeping}) {
    MatchRole(actual, expected, role, &pairing);
  }
  FollowOwners(actual, expected, &pairing);
  std::vector<bool> ua(actual.variables.size()), ue(expected.variables.size());
  for (const Pair& p : pairing.pairs) {
    ua[p.actual] = true;
    ue[p.expected] = true;
  }
  for (size_t i = 0; i < ua.size(); ++i)
    if (!ua[i]) pairing.only_actual.push_back(i);
  for (size_t i = 0; i < ue.size(); ++i)
    if (!ue[i]) pairing.only_expected.push_back(i);
  return pairing;
}

}  // namespace ckptdiff
