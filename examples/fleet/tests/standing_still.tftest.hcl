# Servers that are ready and do not run, against a mock of the provider.

mock_provider "modelarts" {
  mock_resource "modelarts_devserver_os_reinstall" {
    defaults = {
      status                  = "STOPPED"
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

run "servers_that_stand_still" {
  expect_failures = [check.running]

  assert {
    condition     = output.servers["aaaaaaaa-0000-4000-8000-000000000003"].status == "STOPPED"
    error_message = "The status is not shown."
  }
}
