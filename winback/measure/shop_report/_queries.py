"""The report's queries over the published tables."""

from __future__ import annotations

from typing import Final

TABLES: Final = (
    "customers", "enrollments", "experiment_results", "playbook_plans", "playbook_results",
    "reactivations", "rfm_scores", "step_results",
)  # fmt: skip

QUERIES: Final = {
    "effects": """
        select
            reached.playbook_id as playbook, reached.contrast, reached.window_days,
            reached.n_treatment as written_to, reached.n_control as left_alone,
            reached.open_treatment + reached.open_control as still_open,
            100 * reached.rate_treatment as percent_written_to,
            100 * reached.rate_control as percent_left_alone,
            100 * reached.estimate as points,
            100 * reached.sequential_ci_low as points_low,
            100 * reached.sequential_ci_high as points_high,
            reached.verdict,
            money.estimate / 100 as revenue_each,
            money.sequential_ci_low / 100 as revenue_each_low,
            money.sequential_ci_high / 100 as revenue_each_high
        from experiment_results as reached
        left join experiment_results as money
            on reached.playbook_id = money.playbook_id
                and reached.contrast = money.contrast
                and reached.window_days = money.window_days
                and money.metric = 'revenue_per_customer'
        where reached.metric = 'reactivation'
        order by playbook, reached.contrast, reached.window_days
    """,
    "playbooks": """
        with entered as (
            select
                playbook_id, count(*) as entered,
                count(*) filter (where arm = 'holdout') as left_alone,
                min(entered_at) as first_entry
            from enrollments where origin = 'ledger' group by playbook_id
        ),
        sent as (
            select playbook_id, sum(sent) as messages_sent, sum(cost_cents) / 100 as cost
            from step_results group by playbook_id
        ),
        credited as (
            select
                playbook_id, count(*) as ordered_since,
                count(credited_message_id) as credited_orders,
                coalesce(sum(net_revenue_cents) filter (where credited_message_id is not null), 0)
                    / 100 as revenue_credited
            from reactivations group by playbook_id
        )
        select
            entered.playbook_id as playbook, entered.entered, entered.left_alone,
            coalesce(sent.messages_sent, 0) as messages_sent, coalesce(sent.cost, 0) as cost,
            coalesce(credited.ordered_since, 0) as ordered_since,
            coalesce(credited.credited_orders, 0) as credited_orders,
            coalesce(credited.revenue_credited, 0) as revenue_credited,
            cast(entered.first_entry as date) as first_entry
        from entered
        left join sent on entered.playbook_id = sent.playbook_id
        left join credited on entered.playbook_id = credited.playbook_id
        order by entered.entered desc, playbook
    """,
    "earned": """
        select
            playbook_id as playbook, window_days, n_treatment as written_to,
            incremental_customers as customers_brought_back,
            incremental_customers_low as at_least, incremental_customers_high as at_most,
            incremental_revenue_cents / 100 as revenue_brought,
            incremental_revenue_cents_low / 100 as revenue_at_least,
            incremental_revenue_cents_high / 100 as revenue_at_most,
            cost_cents / 100 as cost,
            cost_per_incremental_customer_cents / 100 as cost_each_brought_back,
            net_value_cents / 100 as net_value, verdict
        from playbook_results order by playbook, window_days
    """,
    "steps": """
        select
            playbook_id as playbook, step, channel, variant, sum(sent) as sent,
            sum(delivered) as delivered, sum(not_delivered) as not_delivered,
            sum(clicked) as clicked, sum(replied) as replied, sum(opted_out) as opted_out,
            sum(credited_orders) as credited_orders,
            sum(credited_revenue_cents) / 100 as revenue_credited, sum(cost_cents) / 100 as cost
        from step_results group by all order by playbook, step, channel, variant
    """,
    "channels": """
        select
            channel, sum(sent) as sent,
            100.0 * sum(delivered) / sum(sent) as delivered_percent,
            100.0 * sum(not_delivered) / sum(sent) as not_delivered_percent,
            100.0 * sum(clicked) / sum(sent) as clicked_percent,
            100.0 * sum(opted_out) / sum(sent) as opted_out_percent,
            100.0 * sum(complained) / sum(sent) as complained_percent
        from step_results
        where week > cast(getvariable('as_of') as date) - 35
        group by channel order by sent desc, channel
    """,
    "weeks": """
        select week, channel, sum(sent) as messages, sum(cost_cents) / 100 as cost
        from step_results group by all order by week, channel
    """,
    # Of those whose window is over: how many had come back by each day of it.
    "returns": """
        with mature as (
            select enrollment_id, playbook_id, arm from enrollments
            where origin = 'ledger'
                and entered_at + to_days(getvariable('window_days')::integer)
                    <= getvariable('as_of')
        ),
        people as (
            select
                mature.playbook_id, mature.arm,
                ceil(epoch(reactivations.reactivated_at - enrollments.entered_at) / 86400) as day
            from mature
            inner join enrollments on mature.enrollment_id = enrollments.enrollment_id
            left join reactivations on mature.enrollment_id = reactivations.enrollment_id
        ),
        days as (select unnest(generate_series(0, getvariable('window_days'))) as day)
        select
            people.playbook_id as playbook, people.arm, days.day,
            100.0 * count(*) filter (where people.day <= days.day) / count(*) as percent,
            count(*) as people
        from people cross join days
        group by all order by playbook, people.arm, days.day
    """,
    "entered": """
        select
            cast(date_trunc('month', enrollments.entered_at) as date) as month,
            enrollments.playbook_id as playbook, enrollments.arm, count(*) as entered,
            count(reactivations.order_id) as ordered_since,
            100.0 * count(reactivations.order_id) / count(*) as percent,
            median(reactivations.days_to_reactivation) as median_days
        from enrollments
        left join reactivations on enrollments.enrollment_id = reactivations.enrollment_id
        where enrollments.origin = 'ledger'
        group by all order by month desc, playbook, enrollments.arm desc
    """,
    "lapse": """
        select
            lapse_stage as stage, bool_or(is_lapsed) as is_lapsed, count(*) as customers,
            sum(net_revenue_cents) / 100 as revenue,
            sum(net_revenue_cents) / count(*) / 100 as revenue_each
        from customers where lapse_stage is not null
        group by lapse_stage order by min(days_inactive)
    """,
    "grid": """
        select
            r_score, f_score, count(*) as customers, any_value(rfm_segment) as segment,
            sum(monetary_cents) / 100 as revenue
        from rfm_scores group by r_score, f_score order by r_score desc, f_score desc
    """,
    "cohorts": """
        select
            cast(date_trunc('quarter', first_order_at) as date) as first_order_from,
            count(*) as customers,
            100.0 * count(*) filter (where order_count > 1) / count(*) as ordered_again_percent,
            100.0 * count(*) filter (where not is_lapsed) / count(*) as not_lapsed_percent,
            sum(net_revenue_cents) / count(*) / 100 as revenue_each
        from customers where first_order_at is not null
        group by all order by first_order_from desc limit 12
    """,
    "reasons": """
        select
            lapse_reason as reason, count(*) as customers,
            count(*) filter (where lapse_reason_source = 'stated') as said_so
        from customers where is_lapsed and lapse_reason is not null
        group by lapse_reason order by customers desc, reason
    """,
    "newest": """
        select cast(max(last_order_at) as date) as newest_order from customers
    """,
}
