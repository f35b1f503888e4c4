"""The report's queries over the published tables."""

from __future__ import annotations

from typing import Final

TABLES: Final = (
    "bandit_moves", "bandit_results", "channel_credits", "cohort_curves", "customers",
    "enrollments", "experiment_checks", "experiment_results", "lapse_reasons", "message_fatigue",
    "playbook_plans", "playbook_results", "prediction_quality", "predictions",
    "reactivation_curves", "reactivations",
    "return_outcomes", "rfm_history", "rfm_moves", "rfm_scores", "shop_results", "step_results",
)  # fmt: skip

QUERIES: Final = {
    # Shares as percentage points, money in the currency.
    "shop": """
        with scaled as (
            select *, case when metric = 'reactivation' then 100 else 0.01 end as scale,
                case when metric = 'reactivation' then 1 else 0.01 end as yearly
            from shop_results
        )
        select
            method, metric, window_days, n_treatment as picked, n_control as left_alone, playbooks,
            scale * estimate as estimate, scale * coalesce(sequential_ci_low, ci_low) as low,
            scale * coalesce(sequential_ci_high, ci_high) as high, verdict,
            100 * spread as spread_percent, people_a_year, yearly * a_year as a_year,
            yearly * a_year_low as a_year_low, yearly * a_year_high as a_year_high
        from scaled order by window_days, metric, method
    """,
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
            cast(reached.decided_at as date) as decided_on,
            reached.is_adjusted,
            100 * reached.adjusted_estimate as adjusted_points,
            100 * reached.adjusted_sequential_ci_low as adjusted_low,
            100 * reached.adjusted_sequential_ci_high as adjusted_high,
            100 * reached.variance_reduction as fewer_customers_percent,
            reached.holm_p_value,
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
    "checks": """
        select
            playbook_id as playbook, dimension, dimension_value as part,
            n_treatment as written_to, expected_treatment as planned_written_to,
            n_holdout as left_alone, expected_holdout as planned_left_alone,
            srm_p_value as p_value, is_off
        from experiment_checks where srm_p_value is not null
        order by is_off desc, srm_p_value, playbook, dimension, part
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
            incremental_margin_cents / 100 as margin_brought,
            net_value_cents / 100 as net_value, return_on_cost, verdict
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
    # `people` are those who were watched on the first day; nobody has come back on day 0.
    "returns": """
        with days as (
            select playbook_id, arm, day, waiting, reactivated_share from reactivation_curves
            where day <= getvariable('window_days')
            union all
            select playbook_id, arm, 0, 0, 0 from reactivation_curves where day = 1
        )
        select
            playbook_id as playbook, arm, day, 100 * reactivated_share as percent,
            max(waiting) over (partition by playbook_id, arm) as people
        from days order by playbook, arm, day
    """,
    "after": """
        select
            playbook_id as playbook, arm, window_days as days_since, returned as came_back,
            watched as for_so_long, 100 * relapse_rate as no_order_since_percent,
            100 * later_code_rate as later_orders_with_code_percent,
            revenue_per_customer_cents / 100 as revenue_each
        from return_outcomes where watched > 0 order by playbook, window_days, arm desc
    """,
    "credits": """
        select
            channel,
            coalesce(sum(credited_orders) filter (where method = 'last_touch'), 0)
                as orders_by_last_touch,
            coalesce(sum(credited_revenue_cents) filter (where method = 'last_touch'), 0) / 100
                as revenue_by_last_touch,
            coalesce(sum(credited_orders) filter (where method = 'position_based'), 0)
                as orders_by_position,
            coalesce(sum(credited_revenue_cents) filter (where method = 'position_based'), 0) / 100
                as revenue_by_position
        from channel_credits group by channel
        order by revenue_by_last_touch desc, channel
    """,
    # Beyond five a row has too few messages to say anything.
    "fatigue": """
        with rated as (
            select
                unnest([
                    {'of': 'number in the enrollment', 'number': least(message_number, 5)},
                    {'of': 'earlier ones in 30 days', 'number': least(recent_messages, 5)}
                ]) as counted, sent, clicked, opted_out, complained, credited_orders
            from message_fatigue
        )
        select
            counted.of as by_the,
            counted.number || if(counted.number = 5, ' or more', '') as number,
            sum(sent) as sent, 100.0 * sum(clicked) / sum(sent) as clicked_percent,
            100.0 * sum(opted_out) / sum(sent) as opted_out_percent,
            100.0 * sum(complained) / sum(sent) as complained_percent,
            100.0 * sum(credited_orders) / sum(sent) as credited_orders_percent
        from rated group by all order by by_the desc, number
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
            cohort_month as first_order_in, any_value(customers) as customers,
            100 * any_value(ordering_share) filter (where months_since = 1) as month_1_percent,
            100 * any_value(ordering_share) filter (where months_since = 2) as month_2_percent,
            100 * any_value(ordering_share) filter (where months_since = 3) as month_3_percent,
            100 * any_value(ordering_share) filter (where months_since = 6) as month_6_percent,
            100 * any_value(ordering_share) filter (where months_since = 12) as month_12_percent,
            max(cumulative_revenue_per_customer_cents) / 100 as revenue_each
        from cohort_curves where is_over
        group by cohort_month order by cohort_month desc limit 18
    """,
    # Each month's revenue by those who have lived through it: a sum of such keeps rising.
    "curves": """
        with months as (
            select
                year(cohort_month) as year, months_since, sum(customers) as customers,
                sum(net_revenue_cents) / sum(customers) / 100 as revenue_each
            from cohort_curves where is_over group by all
        )
        select
            year, months_since, customers,
            sum(revenue_each) over (partition by year order by months_since) as revenue_each
        from months order by year desc, months_since
    """,
    "history": """
        select snapshot_date as day, rfm_segment as segment, customers from rfm_history
        order by day, customers desc, segment
    """,
    "moves": """
        select former_segment as from_segment, rfm_segment as to_segment, customers
        from rfm_moves
        where snapshot_date = (select max(snapshot_date) from rfm_history where is_month_end)
            and former_segment is distinct from rfm_segment
        order by customers desc, from_segment, to_segment limit 12
    """,
    "reasons": """
        select
            lapse_reason as reason, sum(customers) as customers,
            coalesce(sum(customers) filter (where lapse_reason_source = 'stated'), 0) as said_so,
            string_agg(
                lapse_words || ' (' || customers || ')', ', ' order by customers desc, lapse_words
            ) as in_their_words
        from lapse_reasons group by lapse_reason order by customers desc, reason
    """,
    # The newest move of each step that learns, and what is known of each of its arms.
    "arms": """
        with newest as (
            select * from bandit_moves
            qualify moved_at = max(moved_at) over (partition by playbook_id, step)
        )
        select
            newest.playbook_id as playbook, newest.step, newest.arm,
            100 * newest.chance as percent_dealt, newest.stopped_by,
            newest.assigned as window_over, newest.responded as came_back,
            100 * results.dr_rate as percent_if_all, 100 * 1.96 * results.dr_se as give_or_take,
            cast(newest.moved_at as date) as moved_on, newest.why
        from newest
        left join bandit_results as results
            on newest.playbook_id = results.playbook_id
                and newest.step = results.step
                and newest.arm = results.policy
        order by playbook, newest.step, newest.arm
    """,
    "learned": """
        select
            playbook_id as playbook, step, n_bandit as by_what_was_learned, n_random as evenly,
            100 * rate_bandit as percent_by_what_was_learned, 100 * rate_random as percent_evenly,
            100 * gain as points, 100 * sequential_ci_low as points_low,
            100 * sequential_ci_high as points_high, srm_p_value, verdict
        from bandit_results where policy = 'learned' order by playbook, step
    """,
    "quality": """
        select
            model as prediction, is_better, customers, hits as who_did, 100 * auc as auc_percent,
            100 * plain_auc as plain_percent, 100 * auc_gain as gain_points,
            100 * min_auc_gain as margin_points, calibration,
            split_date as known_until, horizon_days
        from prediction_quality order by prediction
    """,
    "foretold": """
        select
            coalesce(customers.lapse_stage, 'unknown') as stage, count(*) as customers,
            100 * avg(predictions.p_alive) as still_order_percent,
            sum(predictions.expected_orders) as expected_orders,
            sum(predictions.value_at_risk_cents) / 100 as value_at_risk,
            count(predictions.best_offer) as with_best_offer,
            bool_and(predictions.is_used) as is_used,
            max(predictions.horizon_days) as horizon_days
        from predictions
        left join customers on predictions.customer_id = customers.customer_id
        group by stage order by min(customers.days_inactive), stage
    """,
    "newest": """
        select cast(max(last_order_at) as date) as newest_order from customers
    """,
}
