# The module against a mock of the provider, so no cloud is needed: `terraform test` or `tofu test` in the module's folder.

mock_provider "modelarts" {
  # What every server shows after its reinstall.
  mock_resource "modelarts_devserver_os_reinstall" {
    defaults = {
      status                  = "RUNNING"
      ready                   = true
      installed_key_pair_name = "training"

      image = {
        image_id    = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7"
        name        = "training-2026-11"
        arch        = "ARM"
        server_type = "BMS"
        status      = "ACTIVE"
      }
    }
  }
}

# A mock cannot give `servers` any elements, so the servers have no names here, and go by their IDs.
override_data {
  target = data.modelarts_devservers.fleet
  values = {
    ids = [
      "aaaaaaaa-0000-4000-8000-000000000001",
      "aaaaaaaa-0000-4000-8000-000000000002",
      "aaaaaaaa-0000-4000-8000-000000000003",
    ]
  }
}

variables {
  name_regex    = "^trainer-[0-9]+$"
  server_count  = 3
  canaries      = ["aaaaaaaa-0000-4000-8000-000000000002"]
  image_id      = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7"
  key_pair_name = "training"
}

run "canaries_and_the_rest" {
  assert {
    condition     = keys(modelarts_devserver_os_reinstall.canary) == ["aaaaaaaa-0000-4000-8000-000000000002"]
    error_message = "The first wave is not the one canary."
  }

  assert {
    condition = keys(modelarts_devserver_os_reinstall.rest) == [
      "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000003",
    ]
    error_message = "The second wave is not the two others."
  }

  assert {
    condition     = output.canary_ids == tolist(["aaaaaaaa-0000-4000-8000-000000000002"]) && length(output.ids) == 3
    error_message = "The outputs have other IDs."
  }

  assert {
    condition = alltrue([for id, server in merge(
      modelarts_devserver_os_reinstall.canary, modelarts_devserver_os_reinstall.rest
      ) : server.id == id && server.image_id == var.image_id && server.key_pair_name == "training"
    ])
    error_message = "A server is asked for something else."
  }
}

run "status_of_each_server" {
  assert {
    condition = output.servers["aaaaaaaa-0000-4000-8000-000000000002"] == {
      name           = "aaaaaaaa-0000-4000-8000-000000000002"
      wave           = "canary"
      status         = "RUNNING"
      ready          = true
      image_id       = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7"
      image_name     = "training-2026-11"
      key_pair_name  = "training"
      last_reinstall = output.servers["aaaaaaaa-0000-4000-8000-000000000002"].last_reinstall
    }
    error_message = "The canary is not shown as it is."
  }

  assert {
    condition     = output.servers["aaaaaaaa-0000-4000-8000-000000000003"].wave == "rest"
    error_message = "A server is shown in the wrong wave."
  }

  assert {
    condition     = length(output.drifted) == 0
    error_message = "Something has drifted, though every server has what it should."
  }
}

run "generation_is_a_trigger" {
  variables {
    generation = "2"
  }

  assert {
    condition = alltrue([for server in merge(
      modelarts_devserver_os_reinstall.canary, modelarts_devserver_os_reinstall.rest
    ) : server.triggers == tomap({ generation = "2" })])
    error_message = "The generation is not among the triggers."
  }
}

run "password" {
  variables {
    key_pair_name      = null
    admin_pass         = "Correct-Horse-1"
    admin_pass_version = 7
  }

  assert {
    condition     = alltrue([for server in modelarts_devserver_os_reinstall.rest : server.admin_pass_wo_version == 7])
    error_message = "The version of the password does not get through."
  }

  assert {
    condition     = alltrue([for server in modelarts_devserver_os_reinstall.rest : server.admin_pass_wo == null])
    error_message = "The password is in the state."
  }

  assert {
    condition     = length(output.drifted) == 0
    error_message = "Without a wanted key pair, none can be another one."
  }
}

run "user_data" {
  variables {
    user_data_wo         = "#!/bin/sh\njoin --token abcdef"
    user_data_wo_version = 3
  }

  assert {
    condition = alltrue([for server in merge(
      modelarts_devserver_os_reinstall.canary, modelarts_devserver_os_reinstall.rest
    ) : server.user_data_wo_version == 3])
    error_message = "The version of the user data does not get through."
  }

  assert {
    condition = alltrue([for server in merge(
      modelarts_devserver_os_reinstall.canary, modelarts_devserver_os_reinstall.rest
    ) : server.user_data_wo == null && server.user_data == null])
    error_message = "The user data are in the state."
  }
}

run "no_canaries" {
  variables {
    canaries = []
  }

  assert {
    condition     = length(modelarts_devserver_os_reinstall.rest) == 3 && length(output.canary_ids) == 0
    error_message = "Without canaries, not all servers are in the second wave."
  }
}

run "another_image_than_wanted" {
  variables {
    image_id = "5a6f4b7e-6d0f-4d2c-9a3e-2f1c0b9d8e71"
  }

  assert {
    condition = output.drifted["aaaaaaaa-0000-4000-8000-000000000002"] == {
      name          = "aaaaaaaa-0000-4000-8000-000000000002"
      image_id      = { wanted = "5a6f4b7e-6d0f-4d2c-9a3e-2f1c0b9d8e71", found = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7" }
      key_pair_name = { wanted = "training", found = "training" }
    }
    error_message = "The servers with another image are not shown."
  }

  assert {
    condition     = length(output.drifted) == 3
    error_message = "Not all servers with another image are shown."
  }

  expect_failures = [check.image]
}

run "another_key_pair_than_wanted" {
  variables {
    key_pair_name = "operations"
  }

  assert {
    condition     = output.drifted["aaaaaaaa-0000-4000-8000-000000000002"].key_pair_name.found == "training"
    error_message = "The servers with another key pair are not shown."
  }

  expect_failures = [check.key_pair]
}
