# What the module refuses, against a mock of the provider.

mock_provider "modelarts" {}

override_data {
  target = data.modelarts_devservers.fleet
  values = {
    ids = ["aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"]
  }
}

variables {
  name_regex    = "^trainer-[0-9]+$"
  server_count  = 2
  image_id      = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7"
  key_pair_name = "training"
}

run "a_pattern_without_anchors" {
  command = plan

  variables {
    name_regex = "trainer"
  }

  expect_failures = [var.name_regex]
}

run "another_number_of_servers" {
  command = plan

  variables {
    server_count = 3
  }

  expect_failures = [data.modelarts_devservers.fleet]
}

run "no_servers" {
  command = plan

  variables {
    server_count = 0
  }

  expect_failures = [var.server_count]
}

run "a_canary_that_is_not_in_the_fleet" {
  command = plan

  variables {
    canaries = ["aaaaaaaa-0000-4000-8000-000000000009"]
  }

  expect_failures = [data.modelarts_devservers.fleet]
}

run "an_empty_canary" {
  command = plan

  variables {
    canaries = [""]
  }

  expect_failures = [var.canaries]
}

run "the_name_of_an_image" {
  command = plan

  variables {
    image_id = "Ubuntu 22.04"
  }

  expect_failures = [var.image_id]
}

run "key_pair_and_password" {
  command = plan

  variables {
    admin_pass         = "Correct-Horse-1"
    admin_pass_version = 1
  }

  expect_failures = [var.key_pair_name]
}

run "a_password_without_a_version" {
  command = plan

  variables {
    key_pair_name = null
    admin_pass    = "Correct-Horse-1"
  }

  expect_failures = [var.admin_pass]
}

run "a_version_without_a_password" {
  command = plan

  variables {
    key_pair_name      = null
    admin_pass_version = 1
  }

  expect_failures = [var.admin_pass]
}

run "user_data_in_both_forms" {
  command = plan

  variables {
    user_data            = "#!/bin/sh"
    user_data_wo         = "#!/bin/sh"
    user_data_wo_version = 1
  }

  expect_failures = [var.user_data]
}

run "user_data_without_a_version" {
  command = plan

  variables {
    user_data_wo = "#!/bin/sh"
  }

  expect_failures = [var.user_data_wo]
}

run "a_version_without_user_data" {
  command = plan

  variables {
    user_data_wo_version = 1
  }

  expect_failures = [var.user_data_wo]
}

run "an_unknown_on_drift" {
  command = plan

  variables {
    on_drift = "reinstal"
  }

  expect_failures = [var.on_drift]
}

run "a_timeout_without_a_unit" {
  command = plan

  variables {
    timeouts = { create = "90" }
  }

  expect_failures = [var.timeouts]
}
