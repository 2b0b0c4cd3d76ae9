# Which servers.

variable "name_regex" {
  description = "What the names of the servers have to match. It needs anchors, as in \"^trainer-[0-9]+$\": without them it would match any part of a name."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.name_regex, "^") && endswith(var.name_regex, "$")
    error_message = "name_regex must begin with ^ and end with $."
  }
}

variable "flavor" {
  description = "Flavor that the servers have to have; null: any."
  type        = string
  default     = null
}

variable "category" {
  description = "Kind that the servers have to be of: SERVER, or HPS for nodes of a supernode; null: any."
  type        = string
  default     = null
}

variable "server_type" {
  description = "Kind of machine that has to be under the servers: ECS, BMS or HPS; null: any."
  type        = string
  default     = null
}

variable "vpc_id" {
  description = "ID of the VPC that the servers have to be in; null: any."
  type        = string
  default     = null
}

variable "server_count" {
  description = "How many servers the filters find. If they find another number, nothing is planned: neither a pattern that is too wide nor a server that is missing from the list goes unnoticed."
  type        = number
  nullable    = false

  validation {
    condition     = var.server_count >= 1 && floor(var.server_count) == var.server_count
    error_message = "server_count must be a whole number, 1 or more."
  }
}

variable "canaries" {
  description = "Names or IDs of the servers that go first. All others wait until every one of these is ready. Moving a server into or out of this set needs `terraform state mv`; see the README."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = !contains(var.canaries, "")
    error_message = "canaries must not contain an empty string."
  }
}

# What is installed on them.

variable "image_id" {
  description = "ID of the image that every server is kept on."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.image_id))
    error_message = "image_id must be the ID of an image, a UUID, and not its name."
  }
}

variable "key_pair_name" {
  description = "Key pair for logging in to the servers. Excludes admin_pass. One of the two is needed wherever a reinstall is planned; a fleet that is only watched needs neither."
  type        = string
  default     = null

  validation {
    condition     = var.key_pair_name == null || var.admin_pass_version == null
    error_message = "Set either key_pair_name, or admin_pass and admin_pass_version, not both."
  }
}

variable "admin_pass" {
  description = "Password for logging in to the servers. It is neither in the state nor in plan files, so every plan and apply has to be given it. Needs admin_pass_version."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = (var.admin_pass == null) == (var.admin_pass_version == null)
    error_message = "admin_pass and admin_pass_version go together: set both or neither."
  }
}

variable "admin_pass_version" {
  description = "Version of admin_pass. Another one reinstalls every server, with the password that admin_pass has by then."
  type        = number
  default     = null

  validation {
    condition     = var.admin_pass_version == null ? true : floor(var.admin_pass_version) == var.admin_pass_version
    error_message = "admin_pass_version must be a whole number."
  }
}

variable "user_data" {
  description = "User data for every server, as text or base64. It is plain text in the state and in plan files. Another value reinstalls every server. Excludes user_data_wo."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.user_data == null || var.user_data_wo_version == null
    error_message = "Set either user_data, or user_data_wo and user_data_wo_version, not both."
  }
}

variable "user_data_wo" {
  description = "User data for every server, as text or base64, for what carries secrets such as a join token. It is neither in the state nor in plan files, so every plan and apply has to be given it. Needs user_data_wo_version."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = (var.user_data_wo == null) == (var.user_data_wo_version == null)
    error_message = "user_data_wo and user_data_wo_version go together: set both or neither."
  }
}

variable "user_data_wo_version" {
  description = "Version of user_data_wo. Another one reinstalls every server, with the user data that user_data_wo has by then."
  type        = number
  default     = null

  validation {
    condition     = var.user_data_wo_version == null ? true : floor(var.user_data_wo_version) == var.user_data_wo_version
    error_message = "user_data_wo_version must be a whole number."
  }
}

# When, and how.

variable "generation" {
  description = "Another value reinstalls every server, with the same image too."
  type        = string
  default     = "1"
  nullable    = false
}

variable "on_drift" {
  description = "What is planned for a server that shows another image or key pair, though nothing was changed here: reinstall, which erases its system disk, warn or ignore. The resource alone only warns; this module keeps its servers on the image by default."
  type        = string
  default     = "reinstall"
  nullable    = false

  validation {
    condition     = contains(["reinstall", "warn", "ignore"], var.on_drift)
    error_message = "on_drift must be reinstall, warn or ignore."
  }
}

variable "stop_before_reinstall" {
  description = "Whether running servers are stopped for a reinstall. With false they are refused with an error, and somebody has to stop them first."
  type        = bool
  default     = true
  nullable    = false
}

variable "timeouts" {
  description = "How long the operations may take, for each server separately."
  type = object({
    create = optional(string, "60m")
    update = optional(string, "60m")
    read   = optional(string, "5m")
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for timeout in values(var.timeouts) : can(regex("^([0-9]+(\\.[0-9]+)?(h|m|s|ms))+$", timeout))
    ])
    error_message = "timeouts must be durations such as 90s, 60m or 1h30m."
  }
}
