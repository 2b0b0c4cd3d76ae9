# A canary that does not get ready fails the run when it is applied: Terraform's mocks have no values before.

mock_provider "modelarts" {}

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

run "a_canary_that_is_not_ready" {
  override_resource {
    target = modelarts_devserver_os_reinstall.canary
    values = { ready = false }
  }

  expect_failures = [modelarts_devserver_os_reinstall.canary]
}
