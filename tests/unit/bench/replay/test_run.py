from scripts.bench.replay.run import measure


def test_all_runs_are_planned_in_few_calls_and_none_is_refused() -> None:
    measured = measure(8)
    assert (measured["runs"], measured["planned"], measured["throttled"]) == (8, 8, 0)
    calls = measured["calls"]
    # However many runs there are: a page of the ledger and of the executions.
    assert (calls["DynamoDB:Query"], calls["SFN:ListExecutions"], calls["SFN:DescribeStateMachine"]) == (1, 1, 1)
    assert not {"SFN:DescribeExecution", "SFN:GetExecutionHistory", "SFN:StartExecution", "DynamoDB:PutItem"} & set(
        calls
    )
