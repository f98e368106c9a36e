//! The exact text of every table of a small tape: the contract with whoever reads them.

use crate::report::{Options, sample, write};
use insta::assert_snapshot;
use std::fs;
use tempfile::TempDir;

fn written() -> (TempDir, impl Fn(&str) -> String) {
    let room = tempfile::tempdir().unwrap();
    let place = room.path().join("report");
    write(&sample::judged(), &place, &Options { charts: false }).unwrap();
    (room, move |name: &str| fs::read_to_string(place.join(name)).unwrap())
}

#[test]
fn the_tables_of_a_small_tape() {
    let (_room, read) = written();
    assert_snapshot!(read("summary.csv"), @r"
    kind,name,metric,statistic,value,unit
    queue,orders,messages_sent,sum,1200,count
    queue,orders,messages_sent,rate,2,per_s
    queue,orders,age_of_oldest_message,mean,0.000000125,s
    ");
    assert_snapshot!(read("metrics.csv"), @r#"
    timestamp,time_s,namespace,metric,dimensions,period_s,sample_count,sum,minimum,maximum,average,unit
    2026-03-02T08:00:00Z,0,AWS/SQS,NumberOfMessagesSent,QueueName=orders,60,120,120,1,120,1,Count
    2026-03-02T08:00:00Z,0,AWS/SQS,NumberOfMessagesSent,"QueueName=orders, ""late""",60,1,0,0,0,0,Count
    2026-03-02T08:01:00Z,60,AWS/SQS,NumberOfMessagesSent,QueueName=orders,60,2,7,3.5,7,3.5,Count
    2026-03-02T08:01:00Z,60,AWS/SQS,ApproximateAgeOfOldestMessage,QueueName=orders,60,1,0.75,0.75,0.75,0.75,Seconds
    "#);
    assert_snapshot!(read("ledger.csv"), @r"
    kind,name,fate,messages
    queue,orders,sent,127
    queue,orders,deleted,127
    run,orders,produced,127
    run,orders,processed,127
    ");
    assert_snapshot!(read("alarms.csv"), @r#"
    timestamp,time_s,alarm,old_state,new_state,reason,actions
    2026-03-02T08:03:00Z,180,too old,OK,ALARM,"Threshold Crossed: 1 datapoint [0.75] was above 0.5, ""said"" the alarm",performed
    "#);
    assert_snapshot!(read("scaling_activities.csv"), @r"
    timestamp,time_s,group,policy,cause,old_desired,new_desired,status
    2026-03-02T08:03:00.25Z,180.25,workers,grow,alarm `too old`,1,3,Successful
    ");
    assert_snapshot!(read("expectations.csv"), @r"
    name,expression,observed,passed
    orders.messages_sent,sum > 1000,1200,true
    orders.age_of_oldest_message,max < 500ms,750ms,false
    ");
}

#[test]
fn the_manifest_of_a_small_tape() {
    let (_room, read) = written();
    let manifest = read("manifest.json").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    assert_snapshot!(manifest, @r#"
    {
      "program": "queuelab",
      "version": "VERSION",
      "scenario": "orders",
      "scenario_sha256": "0000000000000000000000000000000000000000000000000000000000000000",
      "seed": 42,
      "replication": 0,
      "start": "2026-03-02T08:00:00Z",
      "duration_s": 600,
      "warm_up_s": 1.5,
      "quota_profile": "current",
      "events": 1234,
      "messages": {
        "produced": 127,
        "processed": 127
      },
      "rows": {
        "alarms.csv": 1,
        "expectations.csv": 2,
        "ledger.csv": 4,
        "metrics.csv": 4,
        "scaling_activities.csv": 1,
        "summary.csv": 3
      },
      "notes": [
        "The trace has a gap."
      ],
      "files": [
        {
          "name": "alarms.csv",
          "bytes": 184,
          "sha256": "e2994396ed3cca06929031c55bb78411ccdf926706cfefb1f897d7c281ad643e"
        },
        {
          "name": "expectations.csv",
          "bytes": 127,
          "sha256": "7be95cc3945387c89964b68d2a0196a0ccf4cdaa84d13ae7ac9a81456e14a9ec"
        },
        {
          "name": "ledger.csv",
          "bytes": 120,
          "sha256": "30867ab11abaa7fa443a0a4730c57cd71bccdc64079b2a0bbb5a9a110960df22"
        },
        {
          "name": "metrics.csv",
          "bytes": 499,
          "sha256": "da9dae501553a0cb20181e2bc81b363744aed6c6e6b8c228d8efa5dc8c0b82b5"
        },
        {
          "name": "scaling_activities.csv",
          "bytes": 142,
          "sha256": "ab9b9ff2d8c97cec52219d64f775e10710eb1b222cd11738db400cea15e93692"
        },
        {
          "name": "summary.csv",
          "bytes": 174,
          "sha256": "da408e7f354663cf764f0cd3b1865253ced2631307c63a15edade8b16320cdf1"
        }
      ]
    }
    "#);
}
