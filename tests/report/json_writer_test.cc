#include "report/json_writer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ckptdiff {
namespace {

using Form = JsonWriter::Form;

std::string Sample(bool one_line) {
  JsonWriter json(one_line);
  json.BeginObject(Form::kLines);
  json.Key("a");
  json.BeginArray(Form::kLines);
  json.BeginObject();
  json.Key("b"), json.Integer(-1);
  json.Key("c"), json.Null();
  json.EndObject();
  json.EndArray();
  json.Key("d");
  json.BeginArray(Form::kLines);
  json.EndArray();
  json.EndObject();
  return json.Take();
}

TEST(JsonWriterTest, WritesAnElementALine) {
  EXPECT_EQ(Sample(false),
            "{\n  \"a\": [\n    {\"b\": -1, \"c\": null}\n  ],\n"
            "  \"d\": []\n}\n");
}

TEST(JsonWriterTest, WritesOneLine) {
  EXPECT_EQ(Sample(true), "{\"a\":[{\"b\":-1,\"c\":null}],\"d\":[]}\n");
}

TEST(JsonWriterTest, WhateverTextIsThereIsJsonAfterwards) {
  std::string hostile;
  for (int c = 0; c < 256; ++c) hostile += static_cast<char>(c);
  JsonWriter json;
  json.BeginArray();
  json.Text(hostile);
  json.Text("größe");
  json.EndArray();
  auto parsed = nlohmann::json::parse(json.Take());
  EXPECT_EQ(parsed[1], "größe");
  EXPECT_EQ(parsed[0].get<std::string>().substr(0, 128),
            hostile.substr(0, 128));
}

TEST(JsonWriterTest, SharesHaveFourDigits) {
  JsonWriter json;
  json.Share(0.98000000001);
  EXPECT_EQ(json.Take(), "0.98\n");
}

}  // namespace
}  // namespace ckptdiff
