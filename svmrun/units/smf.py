"""SMF: a manifest of a service that recovers at boot. Sources: smf_method(5), svccfg(1M), service_bundle(4).

Running on a schedule is cron's work there: Solaris 10 knows no service that begins at a time of day.
"""

from __future__ import annotations

import shlex
from xml.sax.saxutils import escape, quoteattr

from svmrun.units.model import MARK, Job, UnitFile

NAME = "application/svmrun/recover"
_TEXT = """\
<?xml version="1.0"?>
<!DOCTYPE service_bundle SYSTEM "/usr/share/lib/xml/dtd/service_bundle.dtd.1">
<!-- {mark}: after a crash of the machine.

  A reboot ends locks, and brings offline submirrors back; a side that was detached stays off until somebody attaches
  it. What is stuck puts this service into maintenance: svcs -x shows it, and svmrun status tells what to type. -->
<service_bundle type="manifest" name="svmrun">
  <service name={name} type="service" version="1">
    <create_default_instance enabled="false"/>
    <single_instance/>

    <!-- optional_all: a host without volumes, or with one of these off, recovers what it can. -->
    <dependency name="local-file-systems" grouping="require_all" restart_on="none" type="service">
      <service_fmri value="svc:/system/filesystem/local:default"/>
    </dependency>
    <dependency name="volumes" grouping="optional_all" restart_on="none" type="service">
      <service_fmri value="svc:/system/metainit:default"/>
      <service_fmri value="svc:/system/mdmonitor:default"/>
      <service_fmri value="svc:/system/cluster/rgm-starter:default"/>
    </dependency>

    <method_context working_directory="/">
{credential}      <method_environment>
{environment}
      </method_environment>
    </method_context>

    <!-- 0 is no limit: to roll back takes as long as the handlers take. -->
    <exec_method type="method" name="start" exec={start} timeout_seconds="0"/>
    <exec_method type="method" name="stop" exec=":true" timeout_seconds="60"/>

    <!-- It does its work and ends; nothing is watched, and nothing of it is killed when the service stops. -->
    <property_group name="startd" type="framework">
      <propval name="duration" type="astring" value="transient"/>
    </property_group>

    <stability value="Unstable"/>
    <template>
      <common_name>
        <loctext xml:lang="C">svmrun: finish interrupted runs</loctext>
      </common_name>
    </template>
  </service>
</service_bundle>
"""


def files(job: Job) -> tuple[UnitFile, ...]:
    variables = [f"        <envvar name={_attribute(k)} value={_attribute(v)}/>" for k, v in job.variables.items()]
    credential = f"      <method_credential user={_attribute(job.user)}/>\n" if job.user else ""
    text = _TEXT.format(
        mark=escape(MARK),
        name=_attribute(NAME),
        credential=credential,
        environment="\n".join(variables),
        start=_attribute(shlex.join(job.recover).replace("%", "%%")),  # `%` begins a token of smf_method(5)
    )
    return (UnitFile("svmrun-recover.xml", text),)


def _attribute(text: str) -> str:
    return quoteattr(text)
